/// Whether the link is cut: until it is mended, or for a time.
struct Cut {
  private var isCut = false
  private var blackOutEnd: UInt64 = 0

  mutating func down() { isCut = true }

  /// Ends a black-out too.
  mutating func up() {
    isCut = false
    blackOutEnd = 0
  }

  /// The link comes back by itself. A second one that ends earlier changes nothing.
  mutating func blackOut(_ nanoseconds: UInt64, at now: UInt64) {
    blackOutEnd = max(blackOutEnd, now + nanoseconds)
  }

  func isDown(at now: UInt64) -> Bool { isCut || now < blackOutEnd }
}
