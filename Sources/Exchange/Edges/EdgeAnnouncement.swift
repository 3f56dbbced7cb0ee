/// What an edge says of itself on each reversed connection: which run of its process it is, and what may be asked of it.
///
/// A claim, not a right: the core's rules decide which of the services and labels count.
public struct EdgeAnnouncement: Sendable, Equatable {
  /// 16 random bytes of this run of the edge's process; connections with the same ones lead to the same process.
  public var instance: [UInt8]
  /// The build of the edge, for logs.
  public var version: String
  /// The services that it exposes, by name.
  public var services: [String]
  /// The groups that it belongs to, by key and value.
  public var labels: [String: String]

  public init(instance: [UInt8], version: String, services: [String], labels: [String: String] = [:]) {
    self.instance = instance
    self.version = version
    self.services = services
    self.labels = labels
  }
}
