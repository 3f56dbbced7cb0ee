import NIOCore

/// Whether a store that may be away or slow is asked: one failure, and it is left alone for a while, so that it costs each outage one
/// wait and not each request one. A pure value.
struct StorePatience: Equatable {
  /// What to do with a question.
  enum Step: Equatable {
    /// Ask, and wait for the answer.
    case ask
    /// Ask to see whether it is back; the one whose question it is goes on without.
    case probe
    case skip
  }

  private enum State: Equatable {
    case trusted
    case resting(until: NIODeadline, next: TimeAmount)
    case probed(next: TimeAmount)
  }

  private var state = State.trusted

  var isTrusted: Bool { state == .trusted }

  mutating func step(now: NIODeadline) -> Step {
    switch state {
    case .trusted: return .ask
    case .resting(let until, _) where now < until: return .skip
    case .resting(_, let next):
      state = .probed(next: next)
      return .probe
    case .probed: return .skip
    }
  }

  /// It has answered in time.
  /// - Returns: whether that is news.
  mutating func answered() -> Bool {
    // Whoever asked before it was left alone is no witness that it is well again.
    guard case .probed = state else { return false }
    state = .trusted
    return true
  }

  /// It has not answered in time, or said that it cannot.
  /// - Returns: whether that is news.
  mutating func failed(now: NIODeadline) -> Bool {
    switch state {
    case .trusted:
      state = .resting(until: now + Self.firstRest, next: Self.firstRest * 2)
      return true
    case .resting: return false
    case .probed(let rest):
      state = .resting(until: now + rest, next: min(rest * 2, Self.longestRest))
      return false
    }
  }

  static let firstRest = TimeAmount.seconds(1)
  static let longestRest = TimeAmount.seconds(30)
}
