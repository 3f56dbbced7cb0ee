internal import NIOCore

extension Duration {
  /// Whole nanoseconds, 0 for negative ones, as ngtcp2 counts them.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (product, overflows) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return overflows ? .max : product &+ UInt64(attoseconds / 1_000_000_000)
  }
}

extension NIODeadline {
  /// A time of ngtcp2's; nil for its "never".
  init?(timestamp: UInt64) {
    guard timestamp != .max else { return nil }
    self = .uptimeNanoseconds(timestamp)
  }

  func advanced(byNanoseconds nanoseconds: UInt64) -> NIODeadline {
    .uptimeNanoseconds(uptimeNanoseconds &+ nanoseconds)
  }
}
