import Exchange
import Gateway

/// What a core has learned of the edge at the other end of a reversed connection, and what its registries are told (a pure value).
///
/// They are told of an edge when it has said what it exposes and nothing speaks against asking it: its handshake is complete, or its
/// first flight, out of which this is known, is no copy of an earlier one.
struct ReversedEdgeState {
  enum Action: Equatable {
    case arrive(identity: String, EdgeAnnouncement, isConfirmed: Bool)
    case confirm
    case announce(EdgeAnnouncement)
    case suspect(Bool)
    case drain
    case leave(EdgeDeparture)
  }

  private var proof = Proof.none
  private var announcement: EdgeAnnouncement?
  private var phase = Phase.unlisted

  /// The first flight is no copy, or the handshake is complete.
  mutating func proved(identity: String?, isConfirmed: Bool) -> [Action] {
    guard let identity else { return [] }
    let wasConfirmed = proof.isConfirmed
    proof = isConfirmed || wasConfirmed ? .confirmed(identity) : .early(identity)
    if phase == .listed { return isConfirmed && !wasConfirmed ? [.confirm] : [] }
    return arrive()
  }

  mutating func announced(_ announcement: EdgeAnnouncement) -> [Action] {
    let isNews = self.announcement != announcement
    self.announcement = announcement
    return phase == .listed ? (isNews ? [.announce(announcement)] : []) : arrive()
  }

  mutating func suspected(_ isSuspect: Bool) -> [Action] {
    phase == .unlisted || phase == .gone ? [] : [.suspect(isSuspect)]
  }

  /// It, or we, have said that nothing new is to be begun on the connection.
  mutating func goesAway() -> [Action] {
    switch phase {
    case .unlisted:
      phase = .unwanted
      return []
    case .listed:
      phase = .draining
      return [.drain]
    case .unwanted, .draining, .gone: return []
    }
  }

  mutating func ended(_ departure: EdgeDeparture) -> [Action] {
    defer { phase = .gone }
    return phase == .listed || phase == .draining ? [.leave(departure)] : []
  }

  /// Whether the connection is kept for what is open on it only.
  var isGoingAway: Bool { phase == .draining || phase == .unwanted }

  private mutating func arrive() -> [Action] {
    guard phase == .unlisted, let announcement, let identity = proof.identity else { return [] }
    phase = .listed
    return [.arrive(identity: identity, announcement, isConfirmed: proof.isConfirmed)]
  }

  private enum Proof: Equatable {
    case none
    case early(String)
    case confirmed(String)

    var identity: String? {
      switch self {
      case .none: nil
      case .early(let identity), .confirmed(let identity): identity
      }
    }

    var isConfirmed: Bool {
      if case .confirmed = self { return true }
      return false
    }
  }

  private enum Phase {
    /// The registries do not know of it.
    case unlisted
    case listed
    case draining
    /// It goes away before it was listed.
    case unwanted
    case gone
  }
}
