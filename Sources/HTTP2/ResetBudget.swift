/// Tells a client that resets streams as fast as it opens them (rapid reset, CVE-2023-44487) from one that changes its mind.
///
/// A stream that was reset before it had an answer costs one, a stream that had one earns one back; a client that keeps
/// cancelling work without ever waiting for an answer runs out.
struct ResetBudget {
  private let capacity: Int
  private var left: Int

  init(capacity: Int) {
    self.capacity = capacity
    left = capacity
  }

  var isExhausted: Bool { left < 0 }

  mutating func streamAnswered() {
    if left < capacity { left += 1 }
  }

  mutating func streamResetUnanswered() {
    left -= 1
  }
}
