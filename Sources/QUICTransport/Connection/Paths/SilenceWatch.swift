internal import NIOCore

/// Notices that a steady flow of datagrams has broken off, while somebody waits for more: a pure value, for a client.
///
/// A NAT that forgets lets nothing through to a client that only listens, until the client sends something by itself. A download would
/// so stand still until the next keep-alive. When a flow breaks off the client probes within some tens of milliseconds instead, a
/// few times in a row because probes are lost too, and then leaves the matter to keep-alive.
struct SilenceWatch {
  private var windowStart = NIODeadline.uptimeNanoseconds(0)
  private var windowCount = 0
  private var calmWindows = 0
  private var lastArrival = NIODeadline.uptimeNanoseconds(0)
  private var isFlowing = false
  private var rounds = 0
  /// How long a silence may be: longer after each, so that a flow in gusts is not answered with one of probes, and shorter again
  /// when all is calm.
  private var patience = SilenceWatch.shortestPatience
  private var nextPatience = SilenceWatch.shortestPatience

  /// A datagram has arrived.
  mutating func received(at now: NIODeadline) {
    if now - windowStart > Self.window {
      isFlowing = windowCount >= Self.flow
      windowStart = now
      windowCount = 0
      calmWindows += 1
    }
    windowCount += 1
    if windowCount >= Self.flow { isFlowing = true }
    if calmWindows >= Self.calm {
      calmWindows = 0
      nextPatience = max(nextPatience / 2, Self.shortestPatience)
    }
    lastArrival = now
    patience = nextPatience
    rounds = 0
  }

  /// When the silence is long enough for the next probes; nil when there is nothing to notice.
  var deadline: NIODeadline? {
    isFlowing ? lastArrival + .nanoseconds(patience + Self.pause * Int64(rounds)) : nil
  }

  /// The probes to send now.
  mutating func expired(at now: NIODeadline) -> Probes? {
    guard let deadline, deadline <= now else { return nil }
    rounds += 1
    if rounds == 1 {
      nextPatience = min(patience * 2, Self.longestPatience)
      calmWindows = 0
    }
    if rounds == Self.maximumRounds {
      isFlowing = false
      windowCount = 0
    }
    return Probes(count: Self.probesPerRound, areFirst: rounds == 1)
  }

  struct Probes: Equatable {
    var count: Int
    /// A silence begins, and nothing of an earlier one is of use.
    var areFirst: Bool
  }

  /// So many datagrams in a window are a flow: about half a megabit a second.
  private static let flow = 16
  private static let window = TimeAmount.milliseconds(250)
  private static let calm = 4
  private static let shortestPatience = TimeAmount.milliseconds(25).nanoseconds
  private static let longestPatience = TimeAmount.milliseconds(400).nanoseconds
  private static let pause = TimeAmount.milliseconds(40).nanoseconds
  private static let maximumRounds = 3
  private static let probesPerRound = 2
}
