/// Why a handshake did not complete.
public enum HandshakeFailure: String, Sendable, CaseIterable {
  case noCertificate = "no_certificate"
  case unknownAuthority = "unknown_authority"
  case certificateExpired = "certificate_expired"
  case certificateRejected = "certificate_rejected"
  case noIdentity = "no_identity"
  case wrongName = "wrong_name"
  case wrongApplicationProtocol = "wrong_alpn"
  case unsupportedVersion = "unsupported_version"
  case timedOut = "timed_out"
  case addressChanged = "address_changed"
  case refusedByPeer = "refused_by_peer"
  /// A client has given an attempt up, mostly because another one was faster.
  case abandoned
  case protocolViolation = "protocol_violation"
}

/// What became of early data (RFC 8446 §2.3) on one connection.
public enum EarlyDataOutcome: String, Sendable, CaseIterable {
  /// An edge has sent it.
  case attempted
  /// The core has taken it.
  case accepted
  /// The core has refused it and resumed the session: its record of first flights does not reach back as far as the ticket, or
  /// has refused.
  case refused
  /// The core does not know the ticket any more; a full handshake followed.
  case ticketUnknown = "ticket_unknown"
  /// Somebody has sent a copy of a first flight, and nothing of it was served.
  case replayed
  /// The core does not look into its record: the ticket is older than that, or the edge's clock runs faster than the core's.
  case untimely
  /// The core's record of first flights is full or cannot be written.
  case recordFull = "record_full"
  /// The store that cores share did not answer in time, so that requests waited for the handshake.
  case storeSlow = "store_slow"
  /// The store that cores share is away, so that requests waited for the handshake.
  case storeUnavailable = "store_unavailable"
}

/// What was done with a request in early data.
public enum EarlyRequestStep: String, Sendable, CaseIterable {
  /// An edge has sent it with its first flight.
  case sent
  /// A core has passed it on before the handshake was complete.
  case served
  /// An origin has answered 425 (Too Early, RFC 8470 §5.2), and it was sent again.
  case tooEarly = "too_early"
}

/// How an established connection ended.
public enum ConnectionEnd: String, Sendable, CaseIterable {
  case closedByUs = "closed_by_us"
  case closedByPeer = "closed_by_peer"
  case idle = "idle_timeout"
  case statelessReset = "stateless_reset"
  case protocolViolation = "protocol_violation"
  case internalError = "internal_error"
}

/// Why a datagram was dropped without reaching a connection.
public enum DatagramRefusal: String, Sendable, CaseIterable {
  case tooShort = "too_short"
  case malformed = "malformed"
  case unknownConnection = "unknown_connection"
  case unsupportedVersion = "unsupported_version"
  case badToken = "bad_token"
  case tooManyHandshakes = "too_many_handshakes"
  case amplificationLimited = "amplification_limited"
  case thirdPath = "third_path"
  case tooManyGaps = "too_many_gaps"
  case notAccepting = "not_accepting"
}

/// A help of the kernel's that was found not to work and is no longer used.
public enum Offload: String, Sendable, CaseIterable {
  case segmentation = "gso"
  case receive = "gro"
  case steering = "reuseport_steering"
  case ecn
}

/// What an edge's link is doing, as told to logs and metrics.
public enum LinkPhase: String, Sendable, CaseIterable {
  case connecting, confirmed, suspect, draining, lost, refused, closed
}

/// The state of a connection for the gauge of connections.
public enum ConnectionPhase: String, Sendable, CaseIterable {
  case handshaking, established, closing, draining
}

/// What a connection is doing now and has done since it began; read when somebody asks for metrics.
public struct ConnectionFigures: Sendable {
  public var phase: ConnectionPhase
  public var identity: String?
  public var openStreams: Int
  public var smoothedRoundTrip: Duration
  public var minimumRoundTrip: Duration
  public var congestionWindowBytes: UInt64
  public var bytesInFlight: UInt64
  public var bytesSent: UInt64
  public var bytesReceived: UInt64
  public var packetsSent: UInt64
  public var packetsReceived: UInt64
  public var packetsLost: UInt64
  /// Datagrams that were sent a second time as a protection against loss; they and their bytes are in `packetsSent` and
  /// `bytesSent` too.
  public var copiesSent: UInt64
  public var copyBytesSent: UInt64

  public init(
    phase: ConnectionPhase, identity: String?, openStreams: Int, smoothedRoundTrip: Duration, minimumRoundTrip: Duration,
    congestionWindowBytes: UInt64, bytesInFlight: UInt64, bytesSent: UInt64, bytesReceived: UInt64, packetsSent: UInt64,
    packetsReceived: UInt64, packetsLost: UInt64, copiesSent: UInt64, copyBytesSent: UInt64
  ) {
    self.phase = phase
    self.identity = identity
    self.openStreams = openStreams
    self.smoothedRoundTrip = smoothedRoundTrip
    self.minimumRoundTrip = minimumRoundTrip
    self.congestionWindowBytes = congestionWindowBytes
    self.bytesInFlight = bytesInFlight
    self.bytesSent = bytesSent
    self.bytesReceived = bytesReceived
    self.packetsSent = packetsSent
    self.packetsReceived = packetsReceived
    self.packetsLost = packetsLost
    self.copiesSent = copiesSent
    self.copyBytesSent = copyBytesSent
  }
}
