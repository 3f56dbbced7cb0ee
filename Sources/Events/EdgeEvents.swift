/// What is told of an edge that requests can be sent to.
public enum EdgePhase: String, Sendable, CaseIterable {
  /// A reversed connection has announced it.
  case connected
  /// It announces something else than before, or the core's rules have changed what of it counts.
  case changed
  /// It does not answer; requests go elsewhere.
  case suspect
  /// It may be dead, because another process of the same edge has come; it is asked, and requests go elsewhere.
  case doubted
  /// It was suspect or doubted and has answered.
  case heard
  /// It takes no new requests.
  case draining
  /// A newer connection of the same process has taken its place.
  case replaced
  case left
  /// Nothing has happened; somebody has asked for the list.
  case listed
}

/// An edge as a core knows it: what it claims, what of it counts, and what is observed of the way to it.
public struct EdgeFacts: Sendable, Equatable {
  public var connection: ConnectionName
  /// The verified name.
  public var identity: String
  /// 16 random bytes of the edge's process.
  public var instance: [UInt8]
  /// The build of the edge.
  public var version: String
  /// What it exposes and may expose.
  public var services: [String]
  public var labels: [String: String]
  /// Services and labels (`key=value`) that it claims and that the core's rules do not give it.
  public var refused: [String]
  /// When it connected, in milliseconds since 1970 (UTC).
  public var since: Int64
  /// Nil when nothing was measured yet.
  public var smoothedRoundTrip: Duration?
  public var packetsSent: UInt64
  public var packetsLost: UInt64

  public init(
    connection: ConnectionName, identity: String, instance: [UInt8], version: String, services: [String],
    labels: [String: String], refused: [String], since: Int64, smoothedRoundTrip: Duration?, packetsSent: UInt64,
    packetsLost: UInt64
  ) {
    self.connection = connection
    self.identity = identity
    self.instance = instance
    self.version = version
    self.services = services
    self.labels = labels
    self.refused = refused
    self.since = since
    self.smoothedRoundTrip = smoothedRoundTrip
    self.packetsSent = packetsSent
    self.packetsLost = packetsLost
  }
}
