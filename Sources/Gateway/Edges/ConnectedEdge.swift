public import Exchange
public import NIOCore

/// A reversed connection by which requests reach an edge, as one event loop of a core knows it.
///
/// Every loop has a value of its own for it: its handler is the connection's on the loop that holds it, and the way to that loop
/// on all others.
public struct ConnectedEdge {
  public let id: EdgeConnectionID
  /// The verified name of the edge.
  public let identity: String
  public internal(set) var announcement: EdgeAnnouncement
  /// Its address and port, for logs.
  public internal(set) var peerAddress: String
  /// When it connected, in milliseconds since 1970 (UTC), for logs.
  public let since: Int64
  /// The same on the clock that nobody sets. Of two connections of one process the later one takes the other's place.
  public let arrival: NIODeadline
  /// Whether its Finished has come (RFC 8446 §4.4.4). Before that it may be a copy of what an edge once sent: it takes nobody's
  /// place and is sent only what may be lost and sent again.
  public internal(set) var isConfirmed: Bool
  /// Opens exchanges at the edge; lives on the registry's loop.
  public let handler: any ExchangeHandler
  /// Where its connection lives.
  public let home: Home

  /// The loop that holds the connection acts on it and tells of it, the others only send requests.
  public enum Home {
    case thisLoop(figures: () -> EdgeLinkFigures)
    case otherLoop(index: Int)
  }

  public init(
    id: EdgeConnectionID, identity: String, announcement: EdgeAnnouncement, peerAddress: String, since: Int64,
    arrival: NIODeadline, isConfirmed: Bool, handler: any ExchangeHandler, home: Home
  ) {
    self.id = id
    self.identity = identity
    self.announcement = announcement
    self.peerAddress = peerAddress
    self.since = since
    self.arrival = arrival
    self.isConfirmed = isConfirmed
    self.handler = handler
    self.home = home
  }
}

/// The number of a connection, unique in a core's process; the same as in its `ConnectionName`.
public struct EdgeConnectionID: Sendable, Hashable {
  public let number: UInt64

  public init(_ number: UInt64) {
    self.number = number
  }
}

/// What is observed of the way to an edge when somebody asks.
public struct EdgeLinkFigures: Sendable, Equatable {
  public var smoothedRoundTrip: Duration
  public var packetsSent: UInt64
  public var packetsLost: UInt64

  public init(smoothedRoundTrip: Duration, packetsSent: UInt64, packetsLost: UInt64) {
    self.smoothedRoundTrip = smoothedRoundTrip
    self.packetsSent = packetsSent
    self.packetsLost = packetsLost
  }
}

/// How a connection of an edge went away.
public enum EdgeDeparture: Sendable, Equatable {
  /// The edge or this core closed it on purpose: nobody waits for it.
  case closed
  /// It was lost: the edge is expected back.
  case lost
}
