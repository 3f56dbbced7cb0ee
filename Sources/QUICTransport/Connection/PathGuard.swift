internal import NIOCore

/// Decides from which addresses a server lets a client's datagrams through while the client moves.
///
/// ngtcp2 0.12 aborts the process when certain packets come from another path while it validates one: from a third path, and
/// from the first one after the second is validated but not all of the work on it is done. So one move is finished before the next
/// begins. What is dropped here the client sends again.
struct PathGuard {
  private enum State {
    /// No path validation is running.
    case settled
    /// ngtcp2 sends on `to` and validates it; it can still fall back to `from`.
    case moving(from: NetworkPath, to: NetworkPath, until: NIODeadline)
    /// `to` is validated; ngtcp2 may still look at its MTU and at the old path.
    case settling(to: NetworkPath, until: NIODeadline)
  }

  private var state = State.settled

  /// Whether a datagram may be given to ngtcp2.
  mutating func admits(_ path: NetworkPath, now: NIODeadline) -> Bool {
    switch state {
    case .settled:
      return true
    case .moving(let from, let to, let until):
      if path == to || path == from { return true }
      guard now >= until else { return false }
    case .settling(let to, let until):
      if path == to { return true }
      guard now >= until else { return false }
    }
    state = .settled
    return true
  }

  /// ngtcp2 sends on another path from now on, because a packet came from there.
  ///
  /// - Parameter limit: when validation must have ended one way or the other.
  mutating func moved(from: NetworkPath, to: NetworkPath, until limit: NIODeadline) {
    if case .moving(let first, let second, _) = state, second == from, first == to {
      state = .settled
    } else {
      state = .moving(from: from, to: to, until: limit)
    }
  }

  /// The peer has answered a PATH_CHALLENGE from `path`.
  ///
  /// - Parameter limit: when ngtcp2 has finished with the old path, three PTO later.
  mutating func validated(_ path: NetworkPath, until limit: NIODeadline) {
    state = .settling(to: path, until: limit)
  }

  /// Validation failed or was broken off; ngtcp2 is back on the old path.
  mutating func abandoned(_ path: NetworkPath) {
    if case .moving(_, let to, _) = state, to == path { state = .settled }
  }
}
