@testable import Network
import NIOCore
import QUICTransport
import Testing

@Suite struct LinkDialingTests {
  private let a = Address(ipAddress: "192.0.2.1", port: 4433)!
  private let b = Address(ipAddress: "2001:db8::1", port: 4433)!

  @Test func `all addresses are tried, and the first that answers is used`() {
    var dialing = LinkDialing()
    #expect(dialing.started(at(0)) == [.resolve])
    #expect(dialing.resolved([a, b], at(0)) == [.dial(attempt(1), a), .wait(.milliseconds(250))])
    #expect(dialing.timerFired(at(0.25)) == [.dial(attempt(2), b), .wait(.milliseconds(250))])
    #expect(dialing.completed(attempt(2)) == [.abandon(attempt(1)), .cancelTimer, .use(attempt(2))])
    #expect(dialing.current == attempt(2))
    #expect(dialing.completed(attempt(1)) == [.abandon(attempt(1))])
  }

  @Test func `a name that is not resolved is looked up again`() {
    var dialing = LinkDialing()
    _ = dialing.started(at(0))
    #expect(dialing.resolved([], at(0)) == [.wait(.milliseconds(250))])
    #expect(dialing.timerFired(at(1)) == [.resolve])
  }

  @Test func `a connection that worked is dialled again at once, at the addresses that are known`() {
    var dialing = linked()
    #expect(dialing.ended(attempt(1), isRefused: false, at(50)) == [.lose, .resolve, .dial(attempt(2), a), .wait(.seconds(2))])
    #expect(dialing.current == nil)
  }

  @Test func `beside a suspect connection others are tried until one answers`() {
    var dialing = linked()
    #expect(dialing.suspected(attempt(1), at(50)) == [.resolve, .dial(attempt(2), a), .wait(.seconds(2))])
    #expect(dialing.current == attempt(1) && dialing.isDialingBeside)
    #expect(dialing.timerFired(at(51)) == [.dial(attempt(3), a), .wait(.seconds(2))])
    #expect(dialing.completed(attempt(3)) == [.abandon(attempt(2)), .cancelTimer, .use(attempt(3))])
    #expect(dialing.current == attempt(3) && !dialing.isDialingBeside)
    // The connection before is nobody's any more, whatever becomes of it.
    #expect(dialing.answered(attempt(1)) == [])
    #expect(dialing.ended(attempt(1), isRefused: false, at(60)) == [])
  }

  @Test func `an aged connection is followed by one that is dialled beside it, once`() {
    var dialing = linked()
    #expect(dialing.aged(attempt(1), at: a, at(50)) == [.renew(attempt(2), a)])
    #expect(dialing.current == attempt(1) && !dialing.isDialingBeside)
    #expect(dialing.aged(attempt(1), at: a, at(51)) == [])
    #expect(dialing.completed(attempt(2)) == [.cancelTimer, .use(attempt(2))])
    #expect(dialing.aged(attempt(1), at: a, at(52)) == [])
    #expect(dialing.ended(attempt(1), isRefused: false, at(60)) == [])
  }

  @Test func `an aged connection stays where none can follow it`() {
    var dialing = linked()
    _ = dialing.aged(attempt(1), at: a, at(50))
    #expect(dialing.ended(attempt(2), isRefused: false, at(60)) == [])
    #expect(dialing.current == attempt(1))
    #expect(dialing.aged(attempt(1), at: a, at(70)) == [.renew(attempt(3), a)])
    // Lost meanwhile: both are tried.
    #expect(dialing.ended(attempt(1), isRefused: false, at(71)).contains(.dial(attempt(4), a)))
    #expect(dialing.completed(attempt(3)) == [.abandon(attempt(4)), .cancelTimer, .use(attempt(3))])
  }

  @Test func `a suspect connection that answers first stays`() {
    var dialing = linked()
    _ = dialing.suspected(attempt(1), at(50))
    #expect(dialing.answered(attempt(1)) == [.abandon(attempt(2)), .cancelTimer])
    #expect(dialing.current == attempt(1) && !dialing.isDialingBeside)
    #expect(dialing.timerFired(at(51)) == [])
    #expect(dialing.suspected(attempt(1), at(60)).contains(.dial(attempt(3), a)))
  }

  @Test func `a suspect connection that is reset is followed by an attempt at once`() {
    var dialing = linked()
    _ = dialing.suspected(attempt(1), at(50))
    #expect(dialing.ended(attempt(1), isRefused: false, at(50.3)).starts(with: [.lose, .dial(attempt(3), a)]))
    #expect(dialing.completed(attempt(2)) == [.abandon(attempt(3)), .cancelTimer, .use(attempt(2))])
  }

  @Test func `while a request waits it is dialled five times a second`() {
    var dialing = linked()
    _ = dialing.suspected(attempt(1), at(50))
    #expect(dialing.wanted(at(50.5)) == [.wait(.milliseconds(200))])
    #expect(dialing.wanted(at(50.6)) == [])
    #expect(dialing.timerFired(at(50.7)).last == .wait(.milliseconds(200)))
    #expect(dialing.timerFired(at(109.9)).last == .wait(.milliseconds(200)))
    // Not for ever.
    #expect(dialing.timerFired(at(110)).last == .wait(.seconds(2)))
    #expect(dialing.timerFired(at(649)).last == .wait(.seconds(2)))
    #expect(dialing.timerFired(at(650)).last == .wait(.seconds(15)))
    dialing.unwanted()
    #expect(dialing.timerFired(at(665)).last == .wait(.seconds(15)))
    #expect(dialing.wanted(at(670)) == [.wait(.milliseconds(200))])
    #expect(dialing.timerFired(at(670.2)).last == .wait(.seconds(15)))
  }

  @Test func `a request that begins to wait hurries the next attempt and never puts it off`() {
    var dialing = linked()
    _ = dialing.ended(attempt(1), isRefused: false, at(10))
    #expect(dialing.wanted(at(10)) == [.wait(.milliseconds(200))])
    // Another one comes when the first has been given up, a moment before the attempt.
    dialing.unwanted()
    #expect(dialing.wanted(at(10.15)) == [])
  }

  @Test func `pauses before the first link grow from a short one`() {
    var dialing = LinkDialing()
    _ = dialing.started(at(0))
    #expect(dialing.resolved([a], at(0)).last == .wait(.milliseconds(250)))
    var pauses: [Duration] = []
    for time in [0.25, 0.5, 1, 2, 4, 599, 600, 615] {
      if case .wait(let pause)? = dialing.timerFired(at(time)).last { pauses.append(pause) }
    }
    #expect(pauses == [250, 500, 1000, 2000, 2000, 2000, 15_000, 15_000].map { .milliseconds($0) })
  }

  @Test func `pauses are spread by half`() {
    for (jitter, pause) in [(0.0, 1000), (0.5, 2000), (0.999, 2998)] {
      var dialing = linked()
      let actions = dialing.suspected(attempt(1), LinkDialing.Moment(now: time(50), jitter: jitter))
      #expect(actions.last == .wait(.milliseconds(pause)))
    }
  }

  @Test func `a core that refuses is asked less and less often`() {
    var dialing = LinkDialing()
    _ = dialing.started(at(0))
    _ = dialing.resolved([a], at(0))
    _ = dialing.wanted(at(0))
    var pauses: [Duration] = []
    for number in 1...8 {
      _ = dialing.ended(attempt(UInt64(number)), isRefused: true, at(Double(number)))
      if case .wait(let pause)? = dialing.timerFired(at(Double(number) + 0.5)).last { pauses.append(pause) }
    }
    #expect(pauses == [200, 200, 400, 800, 1600, 2000, 2000, 2000].map { .milliseconds($0) })
  }

  @Test func `a core that refuses after the handshake is asked at its next address`() {
    var dialing = LinkDialing()
    _ = dialing.started(at(0))
    _ = dialing.resolved([a, b], at(0))
    _ = dialing.completed(attempt(1))
    #expect(dialing.ended(attempt(1), isRefused: true, at(0.1)).starts(with: [.lose, .dial(attempt(2), b)]))
    _ = dialing.completed(attempt(2))
    #expect(dialing.ended(attempt(2), isRefused: true, at(0.2)) == [.lose, .wait(.seconds(2))])
  }

  @Test(arguments: [(false, 2.8), (true, 8.8)])
  func `a core that has answered an attempt is given time`(hasMuchToDo: Bool, next: Double) {
    var dialing = LinkDialing()
    _ = dialing.started(at(0))
    _ = dialing.resolved([a], at(0))
    dialing.heard(attempt(1), hasMuchToDo: hasMuchToDo, at(0.8))
    #expect(dialing.timerFired(at(1)) == [.wait(.milliseconds(Int64((next - 1) * 1000 + 0.5)))])
    #expect(dialing.timerFired(at(next)).contains(.dial(attempt(2), a)))
  }

  @Test func `silent attempts are forgotten, those that were answered are not`() {
    var dialing = LinkDialing()
    _ = dialing.started(at(0))
    _ = dialing.resolved([a], at(0))
    dialing.heard(attempt(1), hasMuchToDo: false, at(0))
    var discarded: [LinkDialing.Action] = []
    for second in 3..<8 {
      discarded += dialing.timerFired(at(Double(second))).filter { if case .discard = $0 { true } else { false } }
    }
    #expect(discarded == [.discard(attempt(2)), .discard(attempt(3))])
  }

  @Test func `the name is looked up again while it is dialled, and not waited for`() {
    var dialing = linked()
    var lookUps = 0
    _ = dialing.suspected(attempt(1), at(50))
    for second in 51..<71 {
      let actions = dialing.timerFired(at(Double(second)))
      lookUps += actions.count { $0 == .resolve }
      #expect(actions.contains { if case .dial = $0 { true } else { false } })
    }
    // The name servers are as silent as the core.
    #expect(lookUps == 0)
    #expect(dialing.resolved([b], at(71)) == [])
    #expect(dialing.timerFired(at(72)).contains { if case .dial(_, b) = $0 { true } else { false } })
  }

  @Test func `nothing is dialled after the end`() {
    var dialing = linked()
    #expect(dialing.stopped() == [.cancelTimer])
    #expect(dialing.ended(attempt(1), isRefused: false, at(1)) == [])
    #expect(dialing.timerFired(at(1)) == [])
    #expect(dialing.wanted(at(1)) == [])
  }

  @Test func `one core or all are used, as is preferred`() {
    var first = LinkChoice(.first)
    var spread = LinkChoice(.spread)
    func choose(_ choice: inout LinkChoice, without lost: Set<Int> = []) -> [Int?] {
      var chosen: [Int?] = []
      for _ in 0..<4 { chosen.append(choice.choose(among: 3) { !lost.contains($0) }) }
      return chosen
    }
    #expect(choose(&first) == [0, 0, 0, 0])
    #expect(choose(&spread) == [0, 1, 2, 0])
    #expect(choose(&first, without: [0]) == [1, 1, 1, 1])
    #expect(choose(&spread, without: [1]) == [2, 0, 2, 0])
    #expect(choose(&first, without: [0, 1, 2]) == [nil, nil, nil, nil])
    #expect(choose(&spread, without: [0, 1, 2]) == [nil, nil, nil, nil])
  }

  /// A link to one address, confirmed on its first attempt.
  private func linked() -> LinkDialing {
    var dialing = LinkDialing()
    _ = dialing.started(at(0))
    _ = dialing.resolved([a], at(0))
    _ = dialing.completed(attempt(1))
    dialing.confirmed(attempt(1))
    return dialing
  }

  private func attempt(_ number: UInt64) -> LinkDialing.Attempt { LinkDialing.Attempt(number: number) }

  /// With the jitter that changes nothing.
  private func at(_ seconds: Double) -> LinkDialing.Moment { LinkDialing.Moment(now: time(seconds), jitter: 0.5) }

  private func time(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64((seconds * 1_000_000_000).rounded())) }
}
