internal import NIOCore

/// Notices that a steady flow of datagrams has broken off, while somebody waits for more: a pure value, for a client.
///
/// A NAT that forgets lets nothing through to a client that only listens, until the client sends something by itself. A download would
/// so stand still until the next keep-alive. When a flow breaks off the client probes within some tens of milliseconds instead, a
/// few times in a row because probes are lost too, then a few times in seconds, and then leaves the matter to keep-alive.
struct SilenceWatch {
  private var windowStart = NIODeadline.uptimeNanoseconds(0)
  private var windowCount = 0
  private var lastArrival: NIODeadline?
  /// When there was a flow last.
  private var flowed: NIODeadline?
  private var rounds = 0
  private var pauses = RecentPauses()
  /// Whether there was a silence not long ago: the next one may mean as little.
  private var isWary = false

  /// A datagram has arrived.
  /// - Parameter isLarge: small messages are no flow, however many copies of them come.
  mutating func received(at now: NIODeadline, isLarge: Bool = true) {
    if now - windowStart > Self.window {
      windowStart = now
      windowCount = 0
    }
    if isLarge { windowCount += 1 }
    if windowCount >= Self.flow { flowed = now }
    // The answer to a probe ends no silence.
    guard isLarge || rounds == 0 else { return }
    if let lastArrival, pauses.ended(after: now - lastArrival, now: now) { isWary = false }
    if rounds > 0 { isWary = true }
    lastArrival = now
    rounds = 0
  }

  /// When the silence is long enough for the next probes; nil when there is nothing to notice.
  var deadline: NIODeadline? {
    guard let flowed, let lastArrival, lastArrival < flowed + Self.memory else { return nil }
    return lastArrival + patience + plan.offsets[rounds]
  }

  /// The probes to send now.
  mutating func expired(at now: NIODeadline) -> Probes? {
    guard let deadline, deadline <= now else { return nil }
    guard now < deadline + Self.staleness else {
      flowed = nil
      return nil
    }
    let count = plan.probes[rounds]
    rounds += 1
    if rounds == plan.probes.count {
      flowed = nil
      windowCount = 0
    }
    return Probes(count: count, areFirst: rounds == 1)
  }

  struct Probes: Equatable {
    var count: Int
    /// A silence begins, and nothing of an earlier one is of use.
    var areFirst: Bool
  }

  /// How long a silence may be: longer than the pauses that the flow makes by itself, so that one in gusts is not answered with one of
  /// probes.
  private var patience: TimeAmount {
    min(max(pauses.usual + .nanoseconds(pauses.usual.nanoseconds / 4) + Self.margin, Self.shortestPatience), Self.longestPatience)
  }

  private var plan: Plan { isWary ? Self.few : Self.usual }

  /// Rounds of probes, and when they are, counted from the moment at which patience ends.
  ///
  /// Two at first, because two PATH_CHALLENGEs use up what one allows a server. What comes late is for a server that may send no more to
  /// an address which it has not validated (RFC 9000 §8), because what it has sent was lost.
  private struct Plan {
    var probes: [Int]
    var offsets: [TimeAmount]
  }

  /// So many datagrams in a window are a flow: about half a megabit a second.
  private static let flow = 16
  /// A deadline that has passed so long ago was nobody's: no stream was open.
  private static let staleness = TimeAmount.milliseconds(500)
  /// A flow that has become a trickle may be all that gets through.
  private static let memory = TimeAmount.seconds(3)
  private static let window = TimeAmount.milliseconds(250)
  private static let shortestPatience = TimeAmount.milliseconds(25)
  private static let longestPatience = TimeAmount.milliseconds(400)
  private static let margin = TimeAmount.milliseconds(10)
  private static let usual = Plan(probes: [2, 2, 2] + late.probes, offsets: [.zero, .milliseconds(40), .milliseconds(80)] + late.offsets)
  private static let few = Plan(probes: [1, 2] + late.probes, offsets: [.zero, .milliseconds(40)] + late.offsets)
  private static let late = Plan(probes: [1, 1, 1, 1], offsets: [600, 1600, 3600, 7600].map { .milliseconds($0) })
}

/// The longest pauses of the last seconds.
private struct RecentPauses {
  private var present = Longest()
  private var former = Longest()
  private var began = NIODeadline.uptimeNanoseconds(0)

  /// The three longest, the longest first. One or two mean nothing: congestion control stops once in a while (BBR's ProbeRTT), and what
  /// is waited for is not to be learnt from the silence that it makes.
  private struct Longest {
    var first = TimeAmount.zero, second = TimeAmount.zero, third = TimeAmount.zero

    mutating func insert(_ pause: TimeAmount) {
      guard pause > third else { return }
      third = pause
      if third > second { swap(&third, &second) }
      if second > first { swap(&second, &first) }
    }
  }

  /// The longest pause that is made again and again.
  var usual: TimeAmount { max(present.third, former.third) }

  /// - Returns: whether a new stretch of time has begun.
  mutating func ended(after pause: TimeAmount, now: NIODeadline) -> Bool {
    let isNew = now - began > Self.stretch
    if isNew {
      former = now - began > Self.stretch * 2 ? Longest() : present
      (present, began) = (Longest(), now)
    }
    if pause < Self.stretch { present.insert(pause) }
    return isNew
  }

  private static let stretch = TimeAmount.seconds(1)
}
