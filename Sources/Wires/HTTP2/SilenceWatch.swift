public import NIOCore

/// How long an HTTP/2 origin may send nothing while exchanges are open on its connection.
///
/// A server may be silent for as long as it likes, but it answers PING (RFC 9113 §6.7); a host that died, or a flow that a NAT
/// forgot, does not.
public struct SilenceLimits: Sendable {
  /// After so long without a byte the origin is asked by PING.
  public var quiet: TimeAmount = .seconds(10)
  /// So long it may then take to send anything.
  public var answer: TimeAmount = .seconds(5)
  /// How many PINGs may go out at this pace while nothing of a message comes between them. gRPC servers end the connection of a
  /// client that sends more than two too soon (`too_many_pings`), and only what they send of messages resets their count.
  public var quickPings = 2
  /// The time between further PINGs: just above the five minutes that gRPC servers allow by default. In between the kernel
  /// watches: what is sent and not acknowledged ends the connection (TCP_USER_TIMEOUT), and so does silence on TCP's keep-alive.
  public var slowPings: TimeAmount = .seconds(310)

  public init() {}
}

/// Decides when a silent origin is asked for a sign of life, and when it is given up.
struct SilenceWatch {
  /// What is to be done now.
  enum Step: Equatable {
    case nothing, ping, giveUp
  }

  private let limits: SilenceLimits
  private var isWatching = false
  private var quietSince = NIODeadline.distantPast
  private var askedAt: NIODeadline?
  private var lastAskedAt = NIODeadline.distantPast
  private var unansweredByMessages = 0

  init(_ limits: SilenceLimits) {
    self.limits = limits
  }

  /// When `check` has something to do; nil while nothing is owed.
  var deadline: NIODeadline? {
    guard isWatching else { return nil }
    if let askedAt { return askedAt + limits.answer }
    let isQuick = unansweredByMessages < limits.quickPings
    return isQuick ? quietSince + limits.quiet : max(quietSince + limits.quiet, lastAskedAt + limits.slowPings)
  }

  /// An exchange was opened; `isOnly` if no other is open.
  mutating func opened(isOnly: Bool, at now: NIODeadline) {
    if isOnly { quietSince = now }
    isWatching = true
  }

  /// Whether nothing at all has come since then: an answer that is late may be late because nobody is there.
  func heardNothing(since time: NIODeadline) -> Bool {
    quietSince <= time
  }

  /// Bytes came: whatever they are, somebody is there.
  mutating func received(at now: NIODeadline) {
    quietSince = now
    askedAt = nil
  }

  /// A part of a message came.
  mutating func messageReceived() {
    unansweredByMessages = 0
  }

  /// - Parameter isOwed: whether exchanges are open. The watch ends here when none are, not with each exchange: the timer then
  ///   runs once in a while, and not twice for each request.
  mutating func check(at now: NIODeadline, isOwed: Bool) -> Step {
    guard let deadline, now >= deadline else { return .nothing }
    if askedAt != nil { return .giveUp }
    guard isOwed else {
      isWatching = false
      return .nothing
    }
    askedAt = now
    lastAskedAt = now
    unansweredByMessages += 1
    return .ping
  }
}
