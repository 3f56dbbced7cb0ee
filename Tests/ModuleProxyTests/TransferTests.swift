@testable import ModuleProxy
import NIOCore
import Testing

@Suite struct TransferTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private func transfer(resumes: Bool = true) -> Transfer {
    Transfer(limits: TransferLimits(bytes: 1000, resumes: resumes, patience: .seconds(30), firstPatience: .seconds(10)), now: start)
  }

  @Test func goesOnWhereItStopped() {
    var transfer = transfer()
    #expect(transfer.headArrived(TransferHead(status: 200, length: 100, validator: "\"a\""), now: start) == .take(skipping: 0))
    #expect(transfer.contentArrived(40, now: start) == .wait)
    #expect(transfer.broken("reset", now: start) == .retry(after: .milliseconds(100)))
    #expect(transfer.range?.start == 40)
    #expect(transfer.range?.validator == "\"a\"")
    #expect(transfer.headArrived(TransferHead(status: 206, length: 60, rangeStart: 40, rangeTotal: 100), now: start) == .take(skipping: 0))
    #expect(transfer.contentArrived(60, now: start) == .wait)
    #expect(transfer.ended(now: start) == .complete)
    #expect((transfer.retryCount, transfer.resumeCount) == (1, 1))
  }

  @Test func skipsWhatAnOriginWithoutRangesSendsAgain() {
    var transfer = transfer()
    _ = transfer.headArrived(TransferHead(status: 200, length: 100), now: start)
    _ = transfer.contentArrived(40, now: start)
    _ = transfer.ended(now: start)
    #expect(transfer.headArrived(TransferHead(status: 200, length: 100), now: start) == .take(skipping: 40))
  }

  @Test(arguments: [
    TransferHead(status: 206, rangeStart: 41, rangeTotal: 100), TransferHead(status: 206, rangeStart: 40, rangeTotal: 99),
    TransferHead(status: 206), TransferHead(status: 200, length: 99), TransferHead(status: 404), TransferHead(status: 416),
    TransferHead(status: 206, validator: "\"b\"", rangeStart: 40, rangeTotal: 100),
  ])
  func somethingElseIsNotTheRest(_ head: TransferHead) {
    var transfer = transfer()
    _ = transfer.headArrived(TransferHead(status: 200, length: 100, validator: "\"a\""), now: start)
    _ = transfer.contentArrived(40, now: start)
    _ = transfer.broken("reset", now: start)
    guard case .fail = transfer.headArrived(head, now: start) else {
      Issue.record("\(head) was taken for the rest")
      return
    }
  }

  /// Two servers of one pool name the same file differently; what is put together is checked as a whole.
  @Test(arguments: ["\"b\"", nil])
  func anotherNameForTheSameIsNoChange(_ validator: String?) {
    var transfer = transfer()
    _ = transfer.headArrived(TransferHead(status: 200, length: 100, validator: "\"a\""), now: start)
    _ = transfer.contentArrived(40, now: start)
    _ = transfer.broken("reset", now: start)
    #expect(transfer.headArrived(TransferHead(status: 200, length: 100, validator: validator), now: start) == .take(skipping: 40))
    _ = transfer.contentArrived(10, now: start)
    _ = transfer.broken("reset", now: start)
    #expect(transfer.range?.start == 50)
    #expect(transfer.range?.validator == validator)
  }

  @Test func aLostEndIsNotAskedFor() {
    var transfer = transfer()
    _ = transfer.headArrived(TransferHead(status: 200, length: 100), now: start)
    _ = transfer.contentArrived(99, now: start)
    #expect(transfer.broken("reset", now: start) == .retry(after: .milliseconds(100)))
    _ = transfer.headArrived(TransferHead(status: 206, rangeStart: 99, rangeTotal: 100), now: start)
    _ = transfer.contentArrived(1, now: start)
    #expect(transfer.broken("reset", now: start) == .complete)
  }

  @Test func endlessAnswersAreGivenUp() {
    var transfer = transfer()
    _ = transfer.headArrived(TransferHead(status: 200), now: start)
    #expect(transfer.contentArrived(1000, now: start) == .wait)
    #expect(transfer.contentArrived(1, now: start) == .fail(TransferFailure(.tooLarge, "it has more than 1000 bytes")))
    var other = self.transfer()
    #expect(other.headArrived(TransferHead(status: 200, length: 1001), now: start) == .fail(TransferFailure(.tooLarge, "it has more than 1000 bytes")))
  }

  @Test func givesUpSoonBeforeAnythingCameAndLateAfterwards() {
    var transfer = transfer()
    var early = start
    while case .retry(let delay) = transfer.broken("refused", now: early) { early = early + delay }
    #expect(early - start > .seconds(7) && early - start < .seconds(11))
    var begun = self.transfer()
    _ = begun.headArrived(TransferHead(status: 200, length: 100), now: start)
    _ = begun.contentArrived(10, now: start)
    var now = start
    while case .retry(let delay) = begun.broken("reset", now: now) { now = now + delay }
    #expect(now - start > .seconds(27))
    #expect(now - start < .seconds(31))
  }

  /// However often its head comes.
  @Test(arguments: [true, false], [0, 500])
  func anAnswerThatBreaksAtTheSamePlaceIsGivenUp(_ resumes: Bool, _ count: Int) {
    var transfer = transfer(resumes: resumes)
    var now = start
    for _ in 0..<1000 {
      let step = transfer.headArrived(TransferHead(status: 200, length: 1000), now: now)
      if step == .take(skipping: 0), count > 0 { _ = transfer.contentArrived(count, now: now) }
      guard case .retry(let delay) = transfer.broken("reset", now: now) else { break }
      now = now + delay
    }
    #expect(now - start > .seconds(25))
    #expect(now - start < .seconds(31))
  }

  @Test func anAnswerThatGetsFurtherIsNotGivenUp() {
    var transfer = transfer(resumes: false)
    var now = start
    for attempt in 1...10 {
      _ = transfer.headArrived(TransferHead(status: 200, length: 1000), now: now)
      now = now + .seconds(20)
      _ = transfer.contentArrived(10 * attempt, now: now)
      #expect(transfer.broken("reset", now: now) == .retry(after: .milliseconds(100)))
    }
  }

  @Test func thinkingBeforeTheFirstHeadIsNoFailure() {
    var transfer = transfer()
    _ = transfer.headArrived(TransferHead(status: 200, length: 100), now: start + .minutes(2))
    #expect(transfer.broken("reset", now: start + .minutes(2)) == .retry(after: .milliseconds(100)))
  }

  @Test func passingTroubleOfAnOriginIsTriedAgain() {
    var transfer = transfer()
    #expect(transfer.headArrived(TransferHead(status: 500), now: start) == .retry(after: .milliseconds(100)))
    #expect(transfer.headArrived(TransferHead(status: 500), now: start) == .retry(after: .milliseconds(200)))
    #expect(transfer.headArrived(TransferHead(status: 500), now: start) == .retry(after: .milliseconds(400)))
    #expect(transfer.headArrived(TransferHead(status: 500), now: start) == .answer)
    var starting = self.transfer()
    var now = start
    while case .retry(let delay) = starting.headArrived(TransferHead(status: 503), now: now) { now = now + delay }
    #expect(now - start > .seconds(7), "it may be about to start")
    #expect(transfer.headArrived(TransferHead(status: 404), now: start) == .answer)
  }

  @Test func whatIsNotResumedBeginsAnew() {
    var transfer = transfer(resumes: false)
    _ = transfer.headArrived(TransferHead(status: 200, length: 100), now: start)
    _ = transfer.contentArrived(40, now: start)
    #expect(transfer.broken("reset", now: start) == .retry(after: .milliseconds(100)))
    #expect(transfer.range == nil)
    #expect(transfer.headArrived(TransferHead(status: 200, length: 90), now: start) == .take(skipping: 0))
  }

  @Test func rangesOfClients() {
    func range(_ text: String) -> Range<Int>? { ByteRange(Array(text.utf8)[...])?.resolved(in: 100) }
    #expect(range("bytes=0-9") == 0..<10)
    #expect(range("bytes=90-") == 90..<100)
    #expect(range("bytes=-5") == 95..<100)
    #expect(range("bytes=-500") == 0..<100)
    #expect(range("bytes=50-5000") == 50..<100)
    #expect(range("bytes=100-") == nil)
    for text in ["bytes=5-4", "bytes=a-b", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=-0", "bytes=99999999999999999999-"] {
      #expect(ByteRange(Array(text.utf8)[...]) == nil, "\(text)")
    }
  }
}
