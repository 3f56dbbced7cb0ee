import NIOCore
import Testing

@testable import QUICTransport

/// A flow of datagrams that breaks off is noticed at once, and probed for not too often.
@Suite struct SilenceWatchTests {
  private var watch = SilenceWatch()

  private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .milliseconds(milliseconds) }

  private mutating func flow(from begin: Int64, to end: Int64) {
    for time in begin...end { watch.received(at: at(time)) }
  }

  @Test mutating func fewDatagramsAreNoFlow() {
    for number in 0..<15 { watch.received(at: at(Int64(number))) }
    #expect(watch.deadline == nil)
    for number in 0..<20 { watch.received(at: at(1000 + Int64(number) * 50)) }
    #expect(watch.deadline == nil)
  }

  @Test mutating func aFlowThatBreaksOffIsProbedForThreeTimesAndThenNowAndThen() {
    flow(from: 0, to: 20)
    #expect(watch.deadline == at(45))
    #expect(watch.expired(at: at(44)) == nil)
    #expect(watch.expired(at: at(45)) == .init(count: 2, areFirst: true))
    #expect(watch.deadline == at(85))
    #expect(watch.expired(at: at(85)) == .init(count: 2, areFirst: false))
    #expect(watch.expired(at: at(125)) == .init(count: 2, areFirst: false))
    for time in [Int64(645), 1645, 3645, 7645] {
      #expect(watch.deadline == at(time))
      #expect(watch.expired(at: at(time)) == .init(count: 1, areFirst: false))
    }
    #expect(watch.deadline == nil)
    #expect(watch.expired(at: at(15000)) == nil)
  }

  @Test mutating func afterASilenceThatEndedTheNextIsProbedForLess() {
    flow(from: 0, to: 20)
    _ = watch.expired(at: at(45))
    flow(from: 90, to: 110)
    #expect(watch.expired(at: at(135)) == .init(count: 1, areFirst: true))
    #expect(watch.expired(at: at(175)) == .init(count: 2, areFirst: false))
    #expect(watch.deadline == at(735))
    flow(from: 180, to: 5000)
    _ = watch.expired(at: at(5025))
    _ = watch.expired(at: at(5065))
    #expect(watch.expired(at: at(5105)) == .init(count: 2, areFirst: false))
  }

  /// What still gets through may be all that a server may send to an address that it has not validated.
  @Test mutating func aTrickleBehindAFlowIsWaitedForToo() {
    flow(from: 0, to: 20)
    _ = watch.expired(at: at(45))
    watch.received(at: at(400))
    #expect(watch.deadline == at(425))
    watch.received(at: at(3100))
    #expect(watch.deadline == nil)
  }

  @Test mutating func anAnswerToAProbeIsNotTheEndOfTheSilence() {
    flow(from: 0, to: 20)
    _ = watch.expired(at: at(45))
    watch.received(at: at(60), isLarge: false)
    #expect(watch.deadline == at(85))
    watch.received(at: at(70))
    #expect(watch.deadline == at(95))
  }

  @Test mutating func aSilenceInWhichNobodyWaitedIsForgotten() {
    flow(from: 0, to: 20)
    #expect(watch.expired(at: at(5000)) == nil)
    #expect(watch.deadline == nil)
  }

  /// BBR's ProbeRTT makes one or two in five seconds.
  @Test mutating func fewPausesAreNotLearntFrom() {
    for begin in [Int64(0), 220, 440] { flow(from: begin, to: begin + 20) }
    #expect(watch.deadline == at(460 + 25))
  }

  @Test mutating func patienceIsLongerThanPausesThatAreUsual() {
    for begin in [Int64(0), 120, 240, 360] { flow(from: begin, to: begin + 20) }
    #expect(watch.deadline == at(380 + 135))
    for begin in [Int64(1000), 1300, 1600, 1900, 2200, 2500] { flow(from: begin, to: begin + 20) }
    #expect(watch.deadline == at(2520 + 360))
    flow(from: 2521, to: 8000)
    #expect(watch.deadline == at(8000 + 25))
  }

  /// A sender that sends a gust and then waits for 200 ms, again and again.
  @Test mutating func aFlowInGustsIsNotAnsweredWithOneOfProbes() {
    var begun = 0
    for time in Int64(0)..<20_000 {
      if time % 220 < 20 { watch.received(at: at(time)) }
      if watch.expired(at: at(time))?.areFirst == true { begun += 1 }
    }
    #expect(begun < 25)
  }
}
