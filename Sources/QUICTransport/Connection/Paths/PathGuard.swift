internal import NIOCore

/// Decides from which addresses a server lets a client's datagrams through while the client moves.
///
/// ngtcp2 0.12 aborts the process when a client moves twice within a round trip in certain ways: it starts path MTU discovery
/// twice when the client goes back while the new path's MTU is still in doubt, and it retires a connection ID twice when a NAT
/// rebinding is followed by a move to a new connection ID. So while it validates a path it gets no datagram from a further address
/// with another connection ID, and none from one where the client was before. A NAT that rebinds again does neither, and has to be
/// followed: nobody will ever answer on the path that it has taken away, and what ngtcp2 knows then is NO_VIABLE_PATH. What is dropped
/// here the client sends again.
struct PathGuard {
  private enum State {
    /// ngtcp2 works on no path but the one that it sends on.
    case settled
    /// ngtcp2 sends on `to` and validates it. Of the paths before, it can fall back to the first.
    case moving(former: [NetworkPath], to: NetworkPath, until: NIODeadline)
    /// `to` is validated; ngtcp2 may still look at its MTU or at an old path.
    case settling(former: [NetworkPath], to: NetworkPath, until: NIODeadline)
  }

  private var state = State.settled

  /// Whether nothing is validated, and no old path looked at.
  var isSettled: Bool {
    if case .settled = state { true } else { false }
  }

  /// Whether a datagram from another path than the one that ngtcp2 sends on may be given to it.
  ///
  /// - Parameter hasUsualID: it came for the connection ID that the client has used before: whoever has moved it, it was not the client.
  func admits(_ path: NetworkPath, hasUsualID: Bool) -> Bool {
    switch state {
    case .settled: true
    case .moving(let former, let to, _): path == to || former == [path] || hasUsualID && former.count < Self.mostMoves
    case .settling(let former, let to, _): path == to || hasUsualID && former.count < Self.mostMoves && !former.contains(path)
    }
  }

  /// ngtcp2 sends on another path from now on, because a packet came from there.
  ///
  /// - Parameter limit: when validation has ended one way or the other.
  mutating func moved(from: NetworkPath, to: NetworkPath, until limit: NIODeadline) {
    switch state {
    case .settled: state = .moving(former: [from], to: to, until: limit)
    case .moving(let former, _, _):
      state = .moving(former: former.contains(from) ? former : former + [from], to: to, until: limit)
    case .settling(let former, _, _):
      // The path that has been validated is the one that ngtcp2 falls back to from now on.
      state = .moving(former: [from] + former.filter { $0 != from }, to: to, until: limit)
    }
  }

  /// The peer has answered a PATH_CHALLENGE from `path`.
  ///
  /// - Parameter limit: when ngtcp2 gives up what it then does about the old path, three PTO later.
  mutating func validated(_ path: NetworkPath, until limit: NIODeadline) {
    switch state {
    case .settled: state = .settling(former: [], to: path, until: limit)
    case .moving(let former, _, _), .settling(let former, _, _): state = .settling(former: former, to: path, until: limit)
    }
  }

  /// Validation failed, or was broken off because the client went on or back.
  ///
  /// - Returns: the path that ngtcp2 sends on again.
  mutating func abandoned(_ path: NetworkPath) -> NetworkPath? {
    guard case .moving(let former, let to, _) = state, to == path else { return nil }
    state = .settled
    return former.first
  }

  /// ngtcp2 has had an opportunity to write. It gives up a validation only then, so a limit counts only then, however late it is.
  mutating func wrote(at now: NIODeadline) {
    switch state {
    case .settled: break
    case .moving(_, _, let until), .settling(_, _, let until): if now >= until { state = .settled }
    }
  }

  /// Each move costs two packets and a while in which the client's data rate is limited; a NAT does it now and then.
  private static let mostMoves = 8
}
