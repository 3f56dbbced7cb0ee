import NIOCore

/// How long a core may be silent, and how often it is asked.
public struct LivenessLimits: Sendable, Equatable {
  /// Without an answer for so long, while something is under way, a connection is suspect.
  public var suspectAfter = Duration.seconds(3)
  /// And for so long lost.
  public var lostAfter = Duration.seconds(30)
  /// PINGs of an idle connection. Addresses on the way are kept by it, and an idle link is known to be dead within 20 s.
  public var idleKeepAlive = Duration.seconds(15)
  /// PINGs while something is under way or exchanges are open.
  public var busyKeepAlive = Duration.seconds(1)
  /// PINGs while a connection is suspect.
  public var probeInterval = Duration.milliseconds(200)

  public static let defaults = LivenessLimits()

  public init() {}
}

extension Duration {
  init(_ time: TimeAmount) { self = .nanoseconds(time.nanoseconds) }
}
