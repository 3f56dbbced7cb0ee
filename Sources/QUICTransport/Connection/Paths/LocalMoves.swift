internal import NIOCore

/// Decides when a client's connection goes to another local address (RFC 9000 §9.2): a pure value; the connection makes the moves.
///
/// One path is validated at a time. A change that comes meanwhile waits until the server has settled, and of several that wait only
/// the newest counts. It does not wait when nothing can be lost: when the address that is being left is gone.
struct LocalMoves {
  struct Move: Equatable {
    let address: Address
    /// The address that is left cannot send any more, so data goes out from the new one before it is validated. Else data stays
    /// where it is until then.
    let isImmediate: Bool
  }

  private enum State {
    case settled
    /// A path is being validated, at the latest until then.
    case validating(until: NIODeadline)
    /// The last move is over, and the server may still be busy with it.
    case resting(until: NIODeadline)
    /// The peer has given no spare connection ID yet.
    case blocked(until: NIODeadline)
  }

  private var state = State.settled
  private var wanted: Move?

  /// When `next` is worth another call; nil while nothing waits.
  var deadline: NIODeadline? {
    guard wanted != nil else { return nil }
    switch state {
    case .settled: return .uptimeNanoseconds(0)
    case .validating(let until), .resting(let until), .blocked(let until): return until
    }
  }

  /// Datagrams to the peer leave from `address` now.
  mutating func changed(to address: Address, formerIsGone: Bool) {
    wanted = Move(address: address, isImmediate: formerIsGone)
  }

  /// The move to make now, if there is one.
  ///
  /// - Parameter current: the local address that data leaves from.
  mutating func next(from current: Address, now: NIODeadline) -> Move? {
    guard let wanted else { return nil }
    switch state {
    case .settled: break
    case .validating(let until), .resting(let until): guard wanted.isImmediate || now >= until else { return nil }
    case .blocked(let until): guard now >= until else { return nil }
    }
    // While another address is validated the current one may only seem to be what is wanted.
    if wanted.address == current {
      if case .validating(let until) = state, now < until { return nil }
      self.wanted = nil
      return nil
    }
    return wanted
  }

  /// The move that `next` named is under way; its validation ends before `limit`.
  mutating func began(until limit: NIODeadline) {
    wanted = nil
    state = .validating(until: limit)
  }

  /// The move that `next` named cannot be made before `limit`.
  mutating func refused(until limit: NIODeadline) {
    state = .blocked(until: limit)
  }

  /// Validation has ended one way or the other; `limit` is when the server has settled.
  mutating func ended(restingUntil limit: NIODeadline) {
    state = .resting(until: limit)
  }
}
