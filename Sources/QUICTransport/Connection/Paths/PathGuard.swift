internal import NIOCore

/// Decides from which addresses a server lets a client's datagrams through while the client moves.
///
/// ngtcp2 0.12 aborts the process when a client moves twice within a round trip in certain ways: it starts path MTU discovery
/// twice when the client goes back while the new path's MTU is still in doubt, and it retires a connection ID twice when a NAT
/// rebinding is followed by a move to a new connection ID. So it gets no datagram from a third address while it validates a path,
/// and none from the first one between validation and the end of what ngtcp2 then does about the old path. What is dropped here
/// the client sends again.
struct PathGuard {
  private enum State {
    /// ngtcp2 works on no path but the one that it sends on.
    case settled
    /// ngtcp2 sends on `to` and validates it; it can still fall back to `from`.
    case moving(from: NetworkPath, to: NetworkPath, until: NIODeadline)
    /// `to` is validated; ngtcp2 may still look at its MTU or at the old path.
    case settling(to: NetworkPath, until: NIODeadline)
  }

  private var state = State.settled

  /// Whether a datagram from another path than the one that ngtcp2 sends on may be given to it.
  func admits(_ path: NetworkPath) -> Bool {
    switch state {
    case .settled: true
    case .moving(let from, let to, _): path == to || path == from
    case .settling(let to, _): path == to
    }
  }

  /// ngtcp2 sends on another path from now on, because a packet came from there.
  ///
  /// - Parameter limit: when validation has ended one way or the other.
  mutating func moved(from: NetworkPath, to: NetworkPath, until limit: NIODeadline) {
    state = .moving(from: from, to: to, until: limit)
  }

  /// The peer has answered a PATH_CHALLENGE from `path`.
  ///
  /// - Parameter limit: when ngtcp2 gives up what it then does about the old path, three PTO later.
  mutating func validated(_ path: NetworkPath, until limit: NIODeadline) {
    state = .settling(to: path, until: limit)
  }

  /// Validation failed, or was broken off because the client went back.
  ///
  /// - Returns: the path that ngtcp2 sends on again.
  mutating func abandoned(_ path: NetworkPath) -> NetworkPath? {
    guard case .moving(let from, let to, _) = state, to == path else { return nil }
    state = .settled
    return from
  }

  /// ngtcp2 has had an opportunity to write. It gives up a validation only then, so a limit counts only then, however late it is.
  mutating func wrote(at now: NIODeadline) {
    switch state {
    case .settled: break
    case .moving(_, _, let until), .settling(_, let until): if now >= until { state = .settled }
    }
  }
}
