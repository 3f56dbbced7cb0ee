import QUICTransport

/// When an edge dials which address of its core: a pure value; the link runs its actions.
///
/// All addresses of the core's name are tried, the next one when the last has not answered for a moment (RFC 8305 §5); the first
/// whose handshake is confirmed wins and the others are closed. The name is resolved again at each round. Between rounds the
/// link waits, longer each time, with jitter so that a fleet does not come back as one.
struct LinkDialing {
  enum Action: Equatable {
    case resolve
    case dial(Attempt, Address)
    /// Close an attempt or a connection that is not needed, because another one was faster.
    case abandon(Attempt)
    /// Call `timerFired` after so long; replaces an earlier timer.
    case wait(Duration)
    case cancelTimer
    /// Requests go to this connection from now on.
    case use(Attempt)
    /// There is no connection any more.
    case lose
  }

  /// Names one connection attempt, and the connection that came of it.
  struct Attempt: Hashable {
    let number: UInt64
  }

  private(set) var state = State.idle
  private var failedRounds = 0
  private var nextNumber: UInt64 = 1
  private let pace: DialingPace

  init(pace: DialingPace = .defaults) {
    self.pace = pace
  }

  mutating func started() -> [Action] {
    guard case .idle = state else { return [] }
    state = .resolving
    return [.resolve]
  }

  /// The core's name has these addresses, in the order to try them; empty when it could not be resolved.
  mutating func resolved(_ addresses: [Address], jitter: Double) -> [Action] {
    guard case .resolving = state else { return [] }
    guard !addresses.isEmpty else { return pause(jitter: jitter) }
    state = .dialing(open: [], untried: addresses[...])
    return dialNext()
  }

  /// An attempt failed or a connection ended.
  mutating func ended(_ attempt: Attempt, jitter: Double) -> [Action] {
    switch state {
    case .dialing(var open, let untried):
      guard let index = open.firstIndex(of: attempt) else { return [] }
      open.remove(at: index)
      state = .dialing(open: open, untried: untried)
      if !untried.isEmpty { return dialNext() }
      return open.isEmpty ? pause(jitter: jitter) : []
    case .linked(attempt):
      // A link that worked is dialled again at once.
      failedRounds = 0
      state = .resolving
      return [.lose, .resolve]
    default:
      return []
    }
  }

  /// The core has accepted our certificate on this connection.
  mutating func confirmed(_ attempt: Attempt) -> [Action] {
    guard case .dialing(let open, _) = state, open.contains(attempt) else { return [.abandon(attempt)] }
    failedRounds = 0
    state = .linked(attempt)
    return open.filter { $0 != attempt }.map(Action.abandon) + [.cancelTimer, .use(attempt)]
  }

  mutating func timerFired() -> [Action] {
    switch state {
    case .pausing:
      state = .resolving
      return [.resolve]
    case .dialing(_, let untried) where !untried.isEmpty:
      return dialNext()
    default:
      return []
    }
  }

  /// No more attempts. Those that are under way, like the present connection, are left to whoever drains and closes all of them:
  /// abandoned they would say that another address was faster.
  mutating func stopped() -> [Action] {
    state = .stopped
    return [.cancelTimer]
  }

  private mutating func dialNext() -> [Action] {
    guard case .dialing(var open, var untried) = state, let address = untried.popFirst() else { return [] }
    let attempt = Attempt(number: nextNumber)
    nextNumber += 1
    open.append(attempt)
    state = .dialing(open: open, untried: untried)
    return [.dial(attempt, address)] + (untried.isEmpty ? [] : [.wait(pace.nextAddressAfter)])
  }

  private mutating func pause(jitter: Double) -> [Action] {
    state = .pausing
    let doublings = min(failedRounds, 16)
    failedRounds += 1
    let delay = min(pace.firstPause * (1 << doublings), pace.longestPause)
    return [.wait(delay * (0.5 + jitter))]
  }

  enum State: Equatable {
    case idle
    case resolving
    case dialing(open: [Attempt], untried: ArraySlice<Address>)
    case linked(Attempt)
    case pausing
    case stopped
  }
}

/// How an edge paces its dialling.
struct DialingPace: Sendable {
  /// RFC 8305 §5's Connection Attempt Delay.
  var nextAddressAfter = Duration.milliseconds(250)
  /// The pause after the first round without success; doubles with each.
  var firstPause = Duration.milliseconds(100)
  var longestPause = Duration.seconds(2)

  static let defaults = DialingPace()
}
