internal import NIOCore

/// How many bytes of copies may be sent: 1 Mbit/s, beyond that a tenth of what is sent otherwise, and never more than a quarter of
/// what the link carries. What is not used is kept: 32 KiB, or as much as is a tenth of what the link carries in a quarter of a second.
struct CopyBudget {
  private var level = Self.leastCapacityBytes
  private var filledAt: NIODeadline?
  private var sentBytes = 0.0

  /// So many bytes left that were no copies.
  mutating func sent(_ byteCount: Int) {
    sentBytes += Double(byteCount)
  }

  /// Takes from the budget if it has enough.
  ///
  /// - Parameters:
  ///   - reserve: the share of 32 KiB that must be left.
  ///   - bytesPerSecond: what the link carries.
  mutating func take(_ byteCount: Int, keeping reserve: Double, now: NIODeadline, bytesPerSecond: UInt64) -> Bool {
    fill(now: now, bytesPerSecond: bytesPerSecond)
    guard level >= Double(byteCount) + reserve * Self.leastCapacityBytes else { return false }
    level -= Double(byteCount)
    return true
  }

  private mutating func fill(now: NIODeadline, bytesPerSecond: UInt64) {
    let seconds = filledAt.map { Double((now - $0).nanoseconds) / 1e9 } ?? 0
    let allowance = max(Self.freeBytesPerSecond * seconds, Self.shareOfSent * sentBytes)
    let capacity = max(Self.leastCapacityBytes, Self.shareOfSent * Double(bytesPerSecond) / 4)
    level = min(capacity, level + min(allowance, Self.shareOfLink * Double(bytesPerSecond) * seconds))
    sentBytes = 0
    filledAt = now
  }

  private static let freeBytesPerSecond = 125_000.0
  private static let shareOfSent = 0.1
  private static let shareOfLink = 0.25
  private static let leastCapacityBytes = 32.0 * 1024
}
