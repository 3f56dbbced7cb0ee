import HTTP3
import NIOCore
import QUICTransport

/// How often an edge may announce itself: each time costs work on every loop of the core (a pure value).
struct AnnouncementPace {
  private var tokens = AnnouncementPace.burst
  private var filledAt: NIODeadline?

  /// - Throws: when the edge has said something new too often; it is not worth a connection.
  mutating func take(now: NIODeadline) throws(ApplicationError) {
    let filled = filledAt ?? now
    let news = Int((now - filled).nanoseconds / Self.interval.nanoseconds)
    tokens = min(Self.burst, tokens + news)
    filledAt = tokens == Self.burst ? now : filled + .nanoseconds(Int64(news) * Self.interval.nanoseconds)
    guard tokens > 0 else {
      throw ApplicationError(code: HTTP3ErrorCode.excessiveLoad.rawValue, reason: "the edge announces itself again and again")
    }
    tokens -= 1
  }

  /// A configuration is reloaded by hand, or by a program that writes it.
  private static let burst = 16
  private static let interval = TimeAmount.seconds(1)
}
