public import Exchange

/// The edges that are connected to a core, as one event loop knows them. There is one on each loop, told the same in the same order.
///
/// Used on its loop only. An edge is told by `arrived` when its announcement has come, so that it is never in the table without one.
public final class EdgeRegistry {
  /// A newer connection of the same edge process has taken this one's place; the loop that holds it lets it drain.
  public var onReplaced: ((EdgeConnectionID) -> Void)?
  /// A connection may be dead, because another process of the same edge has come; the loop that holds it probes it, and says by
  /// `suspected` what came of it.
  public var onDoubted: ((EdgeConnectionID) -> Void)?

  private var edges: [ConnectedEdge] = []

  public init() {}

  /// A connection has announced an edge for the first time.
  public func arrived(_ edge: ConnectedEdge) {
    edges.append(edge)
  }

  /// Its handshake is confirmed: it proved to be no copy, and may take another's place.
  public func confirmed(_ id: EdgeConnectionID) {
    change(id) { $0.isConfirmed = true }
  }

  /// The edge announces something else than before, for example because its configuration was reloaded.
  public func announced(_ id: EdgeConnectionID, _ announcement: EdgeAnnouncement) {
    change(id) { $0.announcement = announcement }
  }

  public func migrated(_ id: EdgeConnectionID, peerAddress: String) {
    change(id) { $0.peerAddress = peerAddress }
  }

  /// The edge has not answered for too long, or has answered again: requests go elsewhere while it is silent.
  public func suspected(_ id: EdgeConnectionID, _ isSuspect: Bool) {}

  /// It takes no new requests (GOAWAY); those that it has are finished.
  public func draining(_ id: EdgeConnectionID) {}

  public func left(_ id: EdgeConnectionID, _ departure: EdgeDeparture, reason: String) {
    edges.removeAll { $0.id == id }
  }

  private func change(_ id: EdgeConnectionID, _ body: (inout ConnectedEdge) -> Void) {
    guard let index = edges.firstIndex(where: { $0.id == id }) else { return }
    body(&edges[index])
  }
}
