internal import DequeModule

/// The one place on a link that takes time for each bit, with the queue before it.
struct Wire {
  /// When the last datagram that was taken will have left.
  private var freeAt: UInt64 = 0
  /// When each datagram leaves that has not yet.
  private var departures = Deque<UInt64>()

  /// The time at which the last bit leaves; nil when the queue is full.
  mutating func take(_ byteCount: Int, at now: UInt64, _ conditions: LinkConditions) -> UInt64? {
    guard let rate = conditions.bitsPerSecond, rate > 0 else { return now }
    while let first = departures.first, first <= now { departures.removeFirst() }
    if let limit = conditions.queueDatagrams, departures.count > limit { return nil }
    let begin = max(now, freeAt)
    if let limit = conditions.queueBytes, Self.bytes(in: begin - now, rate) > UInt64(limit) { return nil }
    freeAt = begin + UInt64(byteCount) * Self.byteNanoseconds / rate
    departures.append(freeAt)
    return freeAt
  }

  /// What the wire carries in a time.
  private static func bytes(in nanoseconds: UInt64, _ rate: UInt64) -> UInt64 {
    byteNanoseconds.dividingFullWidth(nanoseconds.multipliedFullWidth(by: rate)).quotient
  }

  /// A byte at one bit a second.
  private static let byteNanoseconds: UInt64 = 8 * 1_000_000_000
}
