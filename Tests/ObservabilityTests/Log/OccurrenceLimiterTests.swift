import NIOCore
import Testing

@testable import Observability

@Suite struct OccurrenceLimiterTests {
  private let start = NIODeadline.uptimeNanoseconds(5_000_000_000)

  @Test func `the first is written, the rest of the second is counted`() {
    var limiter = OccurrenceLimiter<String, Int>()
    #expect(judge(&limiter, "a", 1, at: .zero) == .write(heldBack: 0))
    for sample in 2...1_000 { #expect(judge(&limiter, "a", sample, at: .milliseconds(999)) == .hold) }
    #expect(judge(&limiter, "a", 1_001, at: .seconds(1)) == .write(heldBack: 999))
    #expect(judge(&limiter, "a", 1_002, at: .milliseconds(1_999)) == .hold)
    #expect(judge(&limiter, "a", 1_003, at: .seconds(60)) == .write(heldBack: 1))
  }

  @Test func `causes do not hold each other back`() {
    var limiter = OccurrenceLimiter<String, Int>()
    #expect(judge(&limiter, "a", 1, at: .zero) == .write(heldBack: 0))
    #expect(judge(&limiter, "b", 1, at: .zero) == .write(heldBack: 0))
    #expect(judge(&limiter, "a", 2, at: .zero) == .hold)
  }

  @Test func `a window ends without a further occurrence and tells the last and the count`() {
    var limiter = OccurrenceLimiter<String, Int>()
    for sample in 1...5 { _ = judge(&limiter, "a", sample, at: .zero) }
    #expect(limiter.endWindows(now: start + .milliseconds(999)).isEmpty)
    let summaries = limiter.endWindows(now: start + .seconds(1))
    #expect(summaries.map(\.cause) == ["a"])
    #expect(summaries.map(\.latest) == [5])
    #expect(summaries.map(\.heldBack) == [4])
  }

  @Test func `a summary is a line too: the next second begins with it`() {
    var limiter = OccurrenceLimiter<String, Int>()
    for sample in 1...2 { _ = judge(&limiter, "a", sample, at: .zero) }
    #expect(limiter.endWindows(now: start + .milliseconds(1_500)).count == 1)
    #expect(judge(&limiter, "a", 3, at: .milliseconds(2_400)) == .hold)
    #expect(limiter.endWindows(now: start + .milliseconds(2_500)).map(\.heldBack) == [1])
    #expect(limiter.endWindows(now: start + .seconds(10)).isEmpty)
  }

  @Test func `a cause may have a window of its own, and may be ended before it is over`() {
    var limiter = OccurrenceLimiter<String, Int>()
    for sample in 1...3 { _ = limiter.judge("a", sample, now: start, length: .seconds(10)) }
    #expect(limiter.endWindows(now: start + .seconds(9)).isEmpty)
    #expect(limiter.end("b")?.latest == nil)
    let summary = limiter.end("a")
    #expect(summary?.latest == 3)
    #expect(summary?.heldBack == 2)
    #expect(judge(&limiter, "a", 4, at: .seconds(9)) == .write(heldBack: 0))
  }

  @Test func `a quiet cause is forgotten`() {
    var limiter = OccurrenceLimiter<Int, Int>(capacity: 1)
    #expect(limiter.judge(1, 0, now: start) == .write(heldBack: 0))
    #expect(limiter.endWindows(now: start + .seconds(1)).isEmpty)
    #expect(limiter.judge(2, 0, now: start + .seconds(1)) == .write(heldBack: 0))
  }

  @Test func `more causes than it remembers are held back, not remembered`() {
    var limiter = OccurrenceLimiter<Int, Int>(capacity: 4)
    let verdicts = (0..<100).map { limiter.judge($0, 0, now: start) }
    #expect(verdicts.count { $0 == .write(heldBack: 0) } == 4)
    #expect(limiter.judge(0, 0, now: start + .seconds(1)) == .write(heldBack: 0))
  }

  @Test func `however much comes, at most one line a second and nothing is lost from the count`() {
    var limiter = OccurrenceLimiter<String, Int>()
    var lines: [(time: TimeAmount, counted: Int)] = []
    for millisecond in 0..<10_000 {
      let time = TimeAmount.milliseconds(Int64(millisecond))
      for _ in 0..<10 {
        if case .write(let heldBack) = judge(&limiter, "a", 0, at: time) { lines.append((time, heldBack + 1)) }
      }
      for summary in limiter.endWindows(now: start + time) { lines.append((time, summary.heldBack)) }
    }
    for summary in limiter.endWindows(now: start + .seconds(20)) { lines.append((.seconds(20), summary.heldBack)) }
    #expect(lines.count == 11)
    #expect(zip(lines, lines.dropFirst()).allSatisfy { $1.time - $0.time >= .seconds(1) })
    #expect(lines.reduce(0) { $0 + $1.counted } == 100_000)
  }

  private func judge(
    _ limiter: inout OccurrenceLimiter<String, Int>, _ cause: String, _ sample: Int, at time: TimeAmount
  ) -> OccurrenceLimiter<String, Int>.Verdict {
    limiter.judge(cause, sample, now: start + time)
  }
}
