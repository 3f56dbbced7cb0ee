internal import NIOCore

/// Lets through so many things a second on average, and as many at once.
struct TokenBucket {
  private let perSecond: UInt64
  private var millitokens: UInt64
  private var filledAt: NIODeadline?

  init(perSecond: Int) {
    self.perSecond = UInt64(max(perSecond, 0))
    millitokens = self.perSecond * 1000
  }

  mutating func take(now: NIODeadline) -> Bool {
    if let filledAt, filledAt < now {
      let milliseconds = (now.uptimeNanoseconds - filledAt.uptimeNanoseconds) / 1_000_000
      if milliseconds > 0 {
        millitokens = min(perSecond * 1000, millitokens &+ min(milliseconds, 1000) * perSecond)
        self.filledAt = now
      }
    } else if filledAt == nil {
      filledAt = now
    }
    guard millitokens >= 1000 else { return false }
    millitokens -= 1000
    return true
  }
}
