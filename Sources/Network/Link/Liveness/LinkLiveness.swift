import NIOCore
import QUICTransport

/// Whether the core still answers on one connection: a pure value; the link runs its actions.
///
/// What is under way is to be answered within `suspectAfter`. A connection that fails in that is suspect: it is probed more
/// often, and lost when it stays silent for `lostAfter`. Whatever comes from the core ends a suspicion.
struct LinkLiveness {
  enum Action: Equatable {
    /// A PING leaves after so much time without a packet.
    case keepAlive(Duration)
    /// Nothing was answered for so long.
    case becameSuspect(silence: Duration)
    /// Something came on a connection that was suspect, after so long.
    case answered(silence: Duration)
    /// Nothing was answered for so long: it is not waited for any more.
    case lost(silence: Duration)
  }

  private var state = State.calm
  private let limits: LivenessLimits
  private var keepAlive: Duration?

  init(limits: LivenessLimits = .defaults) {
    self.limits = limits
  }

  var isSuspect: Bool {
    switch state {
    case .suspect, .lost: true
    case .calm, .awaiting: false
    }
  }

  /// When `observed` is to be called if nothing else makes it be called before; nil for never.
  var deadline: NIODeadline? {
    switch state {
    case .calm, .lost: nil
    case .awaiting(let since): since + TimeAmount(limits.suspectAfter)
    case .suspect(let since): since + TimeAmount(limits.lostAfter)
    }
  }

  /// Takes the connection's signs, behind each pass over it and at the deadline.
  ///
  /// - Parameter isInUse: whether exchanges are open on it. While they are the core is asked often, so that its death, or an
  ///   address that has changed on the way, does not go unnoticed by those who only wait.
  mutating func observed(_ signs: Connection.Signs, isInUse: Bool, now: NIODeadline) -> [Action] {
    var actions: [Action] = []
    switch state {
    case .calm:
      if signs.isAwaitingAcknowledgement { state = .awaiting(since: now) }
    case .awaiting(let since):
      let begin = max(since, signs.lastReceived ?? since)
      state = signs.isAwaitingAcknowledgement ? .awaiting(since: begin) : .calm
      if let deadline, deadline <= now {
        state = .suspect(since: begin)
        actions.append(.becameSuspect(silence: Duration(now - begin)))
      }
    case .suspect(let since):
      if let heard = signs.lastReceived, heard > since {
        state = signs.isAwaitingAcknowledgement ? .awaiting(since: heard) : .calm
        actions.append(.answered(silence: Duration(heard - since)))
      } else if let deadline, deadline <= now {
        state = .lost
        return [.lost(silence: Duration(now - since))]
      }
    case .lost: return []
    }
    let wanted = isSuspect ? limits.probeInterval : isInUse || deadline != nil ? limits.busyKeepAlive : limits.idleKeepAlive
    if keepAlive != wanted {
      keepAlive = wanted
      actions.append(.keepAlive(wanted))
    }
    return actions
  }

  private enum State {
    /// Nothing is under way.
    case calm
    /// Something is under way and was not answered since then.
    case awaiting(since: NIODeadline)
    case suspect(since: NIODeadline)
    case lost
  }
}
