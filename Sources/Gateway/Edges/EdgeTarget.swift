/// Where a request from the core goes: a service, and the edges that may serve it.
public struct EdgeTarget: Sendable, Hashable {
  /// The name that the edge exposes it under; the `:authority` on the link.
  public let service: String
  public let edges: EdgeSelection
  public let balance: EdgeBalance

  public init(service: String, edges: EdgeSelection, balance: EdgeBalance = .roundRobin) {
    self.service = service
    self.edges = edges
    self.balance = balance
  }
}

/// Which edges may serve a request.
public enum EdgeSelection: Sendable, Hashable {
  /// All processes of the edge with this identity.
  case edge(String)
  /// All edges that have these labels and may have them; with no label all that expose the service.
  case group([String: String])
}

/// Which of several edges gets the next request.
public enum EdgeBalance: String, Sendable, CaseIterable {
  /// The one that has not had one for longest.
  case roundRobin = "round_robin"
  /// The one with the fewest open requests of this event loop; among equals as in `roundRobin`.
  case leastBusy = "least_busy"
}

extension EdgeSelection: CustomStringConvertible {
  public var description: String {
    switch self {
    case .edge(let identity): "the edge \(identity)"
    case .group(let labels) where labels.isEmpty: "any edge"
    case .group(let labels):
      "an edge with \(labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))"
    }
  }
}
