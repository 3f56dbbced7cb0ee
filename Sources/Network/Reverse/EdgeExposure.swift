import Exchange
public import Gateway

/// What the cores may ask of an edge.
public struct EdgeExposure: Sendable {
  /// The services, under the names that cores know them by, with their origins on the node.
  public var policy: Policy
  /// The groups that the edge says it belongs to.
  public var labels: [String: String]

  /// - Precondition: names and labels are within `EdgeAnnouncement.Limits`.
  public init(policy: Policy, labels: [String: String] = [:]) {
    self.policy = policy
    self.labels = labels
  }

  /// What a core is told.
  func announcement(instance: [UInt8], version: String) -> EdgeAnnouncement {
    EdgeAnnouncement(instance: instance, version: version, services: policy.routing.services.map(\.name), labels: labels)
  }
}
