/// The settings of one endpoint; the connections have their own.
public struct EndpointConfiguration: Sendable {
  /// Byte 0 of the connection IDs that this endpoint issues: its event loop.
  public var loopIndex: UInt8 = 0
  /// Bytes 1 and 2: the run of the process, the same for all its loops.
  public var instance: UInt16 = 0
  /// The secret under stateless reset tokens and Retry tokens; the same for all loops of a process, and for a replica over its
  /// restarts, else it cannot reset connections of its predecessor. At least 32 bytes.
  public var secret: [UInt8]
  /// The stable name of this replica (RFC 9000 §21.11: no two that run at once may share a reset key).
  public var stableName: String
  /// Handshakes in progress from clients, above which further ones wait, the oldest served first.
  public var handshakeLimit: Int = 1000
  /// Handshakes that begin in one turn of the loop; what is beyond waits for the next. Each costs a signature, about a
  /// millisecond, for which everything else on the loop stands still.
  public var handshakesPerTurn: Int = 8
  /// Clients with a proved address that may wait for their handshake; about 1.3 KB each.
  public var waitingHandshakeLimit: Int = 10_000
  /// One address, or IPv6 network of 64 bits, has at most one part in so many of the handshakes in progress and of those that wait.
  public var addressShare: Int = 4
  /// How long a client may wait before it is taken for gone: somewhat less than clients give a handshake.
  public var handshakePatience: Duration = .seconds(8)
  /// Handshakes in progress, above which a client must prove its address with a Retry (RFC 9000 §8.1.2); 0 for always.
  public var retryThreshold: Int = 200
  /// How long a Retry token is good.
  public var retryTokenLifetime: Duration = .seconds(10)
  /// Retry packets a second.
  public var retriesPerSecond: Int = 1000
  /// Other stateless datagrams (resets, Version Negotiation, refusals) a second.
  public var statelessDatagramsPerSecond: Int = 1000

  public init(secret: [UInt8], stableName: String) {
    self.secret = secret
    self.stableName = stableName
  }
}

/// Where the client's first packet came from, for the decision whether to serve it.
public struct IncomingConnection: Sendable {
  public var path: NetworkPath
  /// The client has shown with a token that it receives at its address.
  public var isAddressValidated: Bool
}

/// What a server needs for a connection.
public struct ServerSetup {
  public var tls: TLSContext
  public var connection: ConnectionConfiguration
  /// In order of preference.
  public var applications: [ApplicationProtocol]
  /// The present time in seconds; only a context with several ticket keys asks for it.
  public var unixTime: Int64
  /// For connections that are to be traced.
  public var trace: TraceMaker?

  public init(
    tls: TLSContext, connection: ConnectionConfiguration = .defaults, applications: [ApplicationProtocol], unixTime: Int64 = 0,
    trace: TraceMaker? = nil
  ) {
    self.tls = tls
    self.unixTime = unixTime
    self.connection = connection
    self.applications = applications
    self.trace = trace
  }
}

/// What a client needs for a connection.
public struct ClientSetup {
  public var tls: TLSContext
  public var connection: ConnectionConfiguration
  /// In order of preference.
  public var applications: [ApplicationProtocol]
  /// The name that the server's certificate must have; an IP address in text form is verified as such.
  public var serverName: String
  /// Resumes an earlier session with the same server.
  public var ticket: SessionTicket?
  /// With a ticket: its application is started at once and may send before the server has answered (RFC 9001 §4.6). What it sends
  /// until then may reach the server more than once, when somebody sends a copy.
  public var usesEarlyData: Bool
  /// For connections that are to be traced.
  public var trace: TraceMaker?

  public init(
    tls: TLSContext, connection: ConnectionConfiguration = .defaults, applications: [ApplicationProtocol], serverName: String,
    ticket: SessionTicket? = nil, usesEarlyData: Bool = false, trace: TraceMaker? = nil
  ) {
    self.tls = tls
    self.connection = connection
    self.applications = applications
    self.serverName = serverName
    self.ticket = ticket
    self.usesEarlyData = usesEarlyData
    self.trace = trace
  }
}
