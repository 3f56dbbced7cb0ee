import NIOCore

/// Turns a flood of news about addresses and routes into few looks at them: a pure value.
///
/// A change of network is a dozen messages within milliseconds, a routing daemon sends thousands. The first calls for a look a
/// moment later, what comes until then is seen by the same look, and looks have a distance that doubles while the flood lasts.
/// The last piece of news is always followed by one.
struct ChangePacer {
  private var lastLook: NIODeadline?
  private var isLookDue = false
  private var distance = ChangePacer.settling

  /// There is news.
  ///
  /// - Returns: when to look; nil when a look is already due.
  mutating func changed(now: NIODeadline) -> NIODeadline? {
    guard !isLookDue else { return nil }
    isLookDue = true
    guard let lastLook, now - lastLook < Self.quiet else {
      distance = Self.settling
      return now + Self.settling
    }
    distance = min(distance * 2, Self.longestDistance)
    return max(now + Self.settling, lastLook + distance)
  }

  /// The look is taken.
  mutating func looked(now: NIODeadline) {
    isLookDue = false
    lastLook = now
  }

  private static let settling = TimeAmount.milliseconds(5)
  private static let longestDistance = TimeAmount.milliseconds(160)
  private static let quiet = TimeAmount.seconds(1)
}
