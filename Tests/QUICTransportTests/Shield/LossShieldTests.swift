import LinkEmulator
import NIOCore
import Testing

@testable import QUICTransport

@Suite("the loss shield decides what is sent twice")
struct LossShieldTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private let link = LinkEstimate(bytesPerSecond: 10_000_000, windowLeftBytes: 100_000, path: .sample)

  private func copies(of shield: inout LossShield, at now: NIODeadline, _ other: LinkEstimate? = nil) -> [LossShield.SentDatagrams] {
    var copies: [LossShield.SentDatagrams] = []
    while let copy = shield.nextCopy(now: now, link: other ?? link) { copies.append(copy) }
    return copies
  }

  @Test("off copies nothing, always everything that somebody waits for")
  func modes() {
    let off = LossShield(mode: .off)
    let always = LossShield(mode: .always)
    for urgency in Urgency.allCases {
      #expect(!off.covers(urgency, now: start))
      #expect(always.covers(urgency, now: start))
    }
  }

  @Test("auto begins armed for the first packets, rests on a clean link, and wakes for 60 s or 1000 packets after a loss")
  func automatic() {
    var shield = LossShield(mode: .auto)
    #expect(shield.isArmed(at: start))
    shield.sent(datagrams: 16, byteCount: 1600)
    #expect(!shield.isArmed(at: start))
    #expect(shield.covers(.handshake, now: start), "a client's handshake cannot know")
    #expect(!shield.covers(.message, now: start) && !shield.covers(.remainder, now: start))
    shield.lossSeen(at: start)
    #expect(shield.isArmed(at: start + .seconds(59)))
    #expect(shield.isArmed(at: start + .seconds(61)), "few packets since")
    shield.sent(datagrams: 1000, byteCount: 100_000)
    #expect(shield.isArmed(at: start + .seconds(59)), "not long since")
    #expect(!shield.isArmed(at: start + .seconds(61)))
  }

  @Test("a probe timeout is a loss when only what was sent after it is acknowledged, and none when the answer was late")
  func probeTimeouts() {
    func resting() -> LossShield {
      var shield = LossShield(mode: .auto)
      shield.sent(datagrams: 1016, byteCount: 100_000)
      return shield
    }
    let answered = start + .milliseconds(400)
    var late = resting()
    late.probeTimedOut(at: start)
    #expect(late.isArmed(at: start), "while nobody knows")
    late.probeTimedOut(at: start + .milliseconds(200))
    late.sampled(sentAt: start - .milliseconds(1), now: answered)
    #expect(!late.isArmed(at: answered))

    var lossy = resting()
    lossy.probeTimedOut(at: start)
    lossy.sampled(sentAt: start, now: answered)
    #expect(lossy.isArmed(at: answered + .seconds(59)))
    lossy.probeTimedOut(at: answered + .seconds(59))
    lossy.sampled(sentAt: start, now: answered + .seconds(59))
    lossy.sent(datagrams: 1000, byteCount: 100_000)
    #expect(lossy.isArmed(at: answered + .seconds(100)), "what was late may have been a copy")
  }

  @Test("copies come one by one at the times of the schedule, with the same bytes, until the schedule ends")
  func schedule() {
    var shield = LossShield(mode: .always)
    let datagrams = LossShield.SentDatagrams.sample(100)
    shield.protect(datagrams, sentAt: start, elicitingBytes: 100)
    var times: [NIODeadline] = []
    while let due = shield.deadline {
      #expect(copies(of: &shield, at: due - .nanoseconds(1)).isEmpty)
      #expect(copies(of: &shield, at: due) == [datagrams])
      times.append(due)
    }
    #expect(times == CopySchedule.of(.message).offsets.map { start + $0 })
    #expect(!shield.isWaiting)
  }

  @Test("the flights of a handshake are copied together and in their order, whichever is due")
  func handshakeTogether() {
    var shield = LossShield(mode: .auto)
    var initial = LossShield.SentDatagrams.sample(1200)
    var early = LossShield.SentDatagrams.sample(119)
    initial.urgency = .handshake
    early.urgency = .handshake
    shield.protect(initial, sentAt: start, elicitingBytes: 1200)
    #expect(copies(of: &shield, at: start + .milliseconds(20)) == [initial])
    shield.protect(early, sentAt: start + .milliseconds(50), elicitingBytes: 1319)
    #expect(copies(of: &shield, at: start + .milliseconds(70)) == [initial, early], "that of the early data is due")
    #expect(copies(of: &shield, at: start + .milliseconds(150)) == [initial, early])
  }

  @Test("a loop that was late does not make up for the copies that it missed")
  func late() {
    var shield = LossShield(mode: .always)
    shield.protect(.sample(100), sentAt: start, elicitingBytes: 100)
    #expect(copies(of: &shield, at: start + .milliseconds(120)).count == 1)
    #expect(shield.deadline == start + .milliseconds(150))
  }

  @Test("what was acknowledged meanwhile is not sent again")
  func acknowledged() {
    var shield = LossShield(mode: .always)
    let later = start + .milliseconds(1)
    let last = start + .milliseconds(2)
    shield.protect(.sample(100), sentAt: start, elicitingBytes: 100)
    shield.protect(.sample(101), sentAt: later, elicitingBytes: 201)
    shield.protect(.sample(102), sentAt: last, elicitingBytes: 303)
    // The second has arrived; of the first nothing is known, because more is in flight than what was sent after the second.
    shield.acknowledged(sentAt: later, bytesInFlight: 202, elicitingBytes: 303)
    #expect(copies(of: &shield, at: start + .milliseconds(20)) == [.sample(100), .sample(102)])
    // Nothing is in flight but what came after the third.
    shield.acknowledged(sentAt: last, bytesInFlight: 50, elicitingBytes: 353)
    #expect(!shield.isWaiting && shield.deadline == nil)
  }

  @Test("of several datagrams of one moment, one acknowledgement does not speak for all")
  func acknowledgedInPart() {
    var shield = LossShield(mode: .always)
    var two = LossShield.SentDatagrams.sample(200)
    two.segmentSize = 100
    shield.protect(two, sentAt: start, elicitingBytes: 200)
    shield.acknowledged(sentAt: start, bytesInFlight: 100, elicitingBytes: 200)
    #expect(shield.isWaiting)
    shield.acknowledged(sentAt: start, bytesInFlight: 0, elicitingBytes: 200)
    #expect(!shield.isWaiting)
  }

  @Test("a full congestion window and a path that was left hold copies back")
  func windowAndPath() {
    var shield = LossShield(mode: .always)
    shield.protect(.sample(100), sentAt: start, elicitingBytes: 100)
    var narrow = link
    narrow.windowLeftBytes = 99
    #expect(copies(of: &shield, at: start + .milliseconds(10), narrow).isEmpty)
    var elsewhere = link
    elsewhere.path.remote.port += 1
    #expect(copies(of: &shield, at: start + .milliseconds(50), elsewhere).isEmpty)
    #expect(copies(of: &shield, at: start + .milliseconds(100)).count == 1, "a later copy is not affected")
  }

  @Test("copies of bulk leave room and budget to those of small messages")
  func bulkLeavesRoom() {
    var shield = LossShield(mode: .always)
    var byteCount: UInt64 = 0
    var repair = LossShield.SentDatagrams.sample(1400)
    repair.urgency = .repair
    while shield.covers(.repair, now: start) {
      byteCount += 1400
      shield.protect(repair, sentAt: start, elicitingBytes: byteCount)
    }
    #expect(shield.covers(.message, now: start))
    shield.protect(.sample(100), sentAt: start, elicitingBytes: byteCount + 100)
    let due = copies(of: &shield, at: start + .milliseconds(10))
    #expect(due.last == .sample(100), "with a budget that the repairs before it have not used up")
    #expect(due.count > 2 && due.count < 20)
  }

  @Test("a burst remembers its first row of datagrams that are worth a copy, and small messages before bulk")
  func burst() {
    func remembered(_ urgencies: [Urgency?]) -> (Urgency?, Range<Int>) {
      var burst = Burst(path: .sample, ecn: .notCapable, byteCount: 0, segmentSize: 10, kind: .bulk)
      for urgency in urgencies { burst.append(10, urgency) }
      return (burst.urgency, burst.urgentBytes)
    }
    #expect(remembered([nil, .repair, .repair, nil, .repair]) == (.repair, 10..<30))
    #expect(remembered([.repair, .message, .message, .repair]) == (.message, 10..<30))
    #expect(remembered([.message, .repair, .message]) == (.message, 0..<10))
    #expect(remembered([.handshake, .message]) == (.handshake, 0..<10))
  }
}

@Suite("copies keep to their budget")
struct CopyBudgetTests {
  /// Bytes of copies in ten seconds in which as many are asked for as one likes.
  private func copied(bytesPerSecond: UInt64, sentPerMillisecond: Int = 0) -> Int {
    var budget = CopyBudget()
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var bytes = 0
    for _ in 0..<10_000 {
      budget.sent(sentPerMillisecond)
      while budget.take(200, keeping: 0, now: now, bytesPerSecond: bytesPerSecond) { bytes += 200 }
      now = now + .milliseconds(1)
    }
    return bytes
  }

  @Test("1 Mbit/s, beyond that a tenth of what is sent, and a quarter of the link")
  func limits() {
    let begin = 33_000
    #expect((1_249_000...1_250_000 + begin).contains(copied(bytesPerSecond: 100_000_000)))
    #expect((4_990_000...5_000_000 + begin).contains(copied(bytesPerSecond: 100_000_000, sentPerMillisecond: 5000)))
    #expect((249_000...250_000 + begin).contains(copied(bytesPerSecond: 100_000)))
    #expect((249_000...250_000 + begin).contains(copied(bytesPerSecond: 100_000, sentPerMillisecond: 5000)))
  }

  @Test("after a large message as much is left as a tenth of what the link carries in a quarter of a second")
  func afterBulk() {
    var budget = CopyBudget()
    let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    func takeAll(at now: NIODeadline) -> Int {
      var bytes = 0
      while budget.take(1000, keeping: 0, now: now, bytesPerSecond: 10_000_000) { bytes += 1000 }
      return bytes
    }
    #expect(takeAll(at: now) == 32_000)
    budget.sent(20_000_000)
    #expect(takeAll(at: now + .seconds(2)) == 250_000)
    budget.sent(100_000)
    #expect(takeAll(at: now + .milliseconds(2010)) == 10_000)
  }

  @Test("late copies leave the rest of the budget to first ones")
  func reserve() {
    var budget = CopyBudget()
    let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    while budget.take(200, keeping: 0.5, now: now, bytesPerSecond: 1_000_000) {}
    let isTaken = budget.take(200, keeping: 0, now: now, bytesPerSecond: 1_000_000)
    #expect(isTaken)
  }
}

extension NetworkPath {
  fileprivate static let sample = NetworkPath(local: .client, remote: .server)
}

extension LossShield.SentDatagrams {
  fileprivate static func sample(_ count: Int) -> LossShield.SentDatagrams {
    LossShield.SentDatagrams(
      bytes: Array(repeating: UInt8(truncatingIfNeeded: count), count: count), segmentSize: count, path: .sample, ecn: .capable0,
      kind: .interactive, urgency: .message)
  }
}
