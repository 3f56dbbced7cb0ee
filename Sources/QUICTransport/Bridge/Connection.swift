internal import CNgtcp2
internal import DequeModule
public import NIOCore

/// One QUIC connection, without sockets, clock or tasks: datagrams and a time go in; datagrams, events and a deadline come out.
///
/// Five verbs drive it: `receive`, `nextBurst`, `handleTimeout`, `deadline`, `nextEvent`. Whoever calls them is on the event loop
/// that the connection lives on; nothing here may be used from another. Connections are made by an `Endpoint`.
@safe
public final class Connection {
  /// Whatever the owner of the endpoint keeps with the connection.
  public var owner: AnyObject?

  /// Whether this end is the QUIC client.
  public let isClient: Bool

  /// The stream application; nil until the peers have agreed on a protocol.
  public internal(set) var application: (any StreamApplication)?

  /// `nextBurst` may have something.
  public internal(set) var needsWrite = true

  /// The verified identity of the peer; nil before the handshake is complete.
  public internal(set) var peerIdentity: String?

  /// The end of the validity of the peer's leaf certificate, in seconds of Unix time; nil before the handshake is complete.
  public internal(set) var peerCertificateExpiry: Int64?

  /// The application protocol that was agreed on; nil before it is known.
  public internal(set) var applicationProtocol: [UInt8]?

  /// Whether the TLS session was resumed from a ticket.
  public internal(set) var isResumed = false

  /// Early data of this connection (RFC 9001 §4.6).
  public internal(set) var earlyData = EarlyData.none

  /// The server has sent a Retry (RFC 9000 §8.1.2): it has much to do, and the handshake begins when its turn comes.
  public internal(set) var hasReceivedRetry = false

  let configuration: ConnectionConfiguration
  let tlsContext: TLSContext
  /// Empty as soon as one is chosen: what makes an application may hold what the application holds.
  var applications: [ApplicationProtocol]
  /// The endpoint holds its connections and takes itself out of each in its `deinit`, so this never dangles. Not weak: a weak
  /// reference would make every other one to the endpoint dearer, on each packet.
  unowned(unsafe) var endpoint: Endpoint?

  // The library's objects. `conn` is set once, in `init`, and lives as long as this object; the session is made with the first
  // bytes of the handshake, so that a forged Initial costs none.
  var conn: OpaquePointer?
  var tls: TLSSession?
  private let unixTime: Int64
  let clientTLS: (serverName: String, ticket: SessionTicket?, usesEarlyData: Bool)
  /// Nil unless asked for.
  let trace: Trace?
  let writtenPath = PathStorage()

  /// The time of the verb that is running, for what callbacks record.
  var now: NIODeadline
  var state = State.open {
    didSet { if !isOpen { passTraceOn() } }
  }
  var events = Deque<ConnectionEvent>()
  /// What to close with as soon as a packet can be written.
  var closeOrder: CloseOrder?
  /// What the application threw inside a callback, through which it cannot be thrown on.
  var applicationFailure: ApplicationError?
  /// Bytes of one stream that the peer has acknowledged and the application was not told of.
  var acknowledged = (stream: StreamID(rawValue: -1), byteCount: 0, end: UInt64(0))
  /// Bidirectional streams that the peer may open besides, and that no MAX_STREAMS has told it of.
  var untoldStreams = 0
  /// 1-RTT keys are here: for receiving on a client, for sending on a server.
  var hasApplicationKeys = false
  var isHandshakeCompleted = false
  var isHandshakeConfirmed = false
  var wasReset = false
  /// The first packet could not be decrypted.
  var wasForged = false
  var keepAlive: Duration?
  /// When the last datagram came.
  var lastReceived: NIODeadline?
  /// When an acknowledgement leaves that ngtcp2 has no timer for any more.
  var acknowledgementDue: NIODeadline?

  /// The path that ngtcp2 sends on, as far as `pathGuard` has been told.
  var knownPath: NetworkPath
  var pathGuard = PathGuard()
  /// The connection ID that the client sends to.
  var usualID = ConnectionID()
  var localMoves = LocalMoves()
  var lastMigration: NetworkPath?
  var probeTimeoutBeforeMove: UInt64 = 0
  /// Of the path that ngtcp2 sends on, while a server validates it.
  var newPathLimit: AmplificationLimit? {
    didSet { if newPathLimit == nil { swallowed = [] } }
  }
  /// Until when the window may be that of a path on which all was lost.
  var anewUntil = NIODeadline.distantPast
  /// How often the probe timer is still made to expire, after the client's address has changed; nil when that is done.
  var resendsLeft: Int?
  /// Packets that go to a client's new address while it is validated: what is kept of those that were under way to the former one.
  var swallowed = Deque<[UInt8]>()
  var repairs = RecentRepairs()
  let writtenFrame = WrittenFrame()
  var isAheadOfTime = false
  var lingeringIDs = Deque<(id: ConnectionID, until: NIODeadline)>()
  /// When the peer last seemed to validate our address.
  var challengedAt: NIODeadline?
  var silence = SilenceWatch()
  var silenceProbes: SilenceProbes?

  /// A packet that was written but could not leave with the burst before it.
  var heldPacket: HeldPacket?

  var counts = Counts()
  var lossShield: LossShield
  /// Bytes of packets that the peer is to acknowledge, ever sent.
  var elicitingBytes: UInt64 = 0
  /// Of open streams that have lost packets, how many.
  var knownLosses: [StreamID: Int] = [:]
  /// When a packet with contents of a large message left last.
  var lastBulk: NIODeadline?

  // What the endpoint keeps with a connection: its entries in the tables.
  var connectionIDs: [ConnectionID] = []
  var resetTokens: [ResetToken] = []
  var isEnrolled = false
  var isRemoved = false
  /// Whose place the handshake of a client takes, as long as it does.
  var handshakeBlock: AddressBlock?
  var heapIndex = -1
  var heapDeadline = NIODeadline.distantFuture

  init(
    client setup: ClientSetup, ids: (source: ConnectionID, destination: ConnectionID), path: NetworkPath, endpoint: Endpoint,
    now: NIODeadline
  ) throws(ConnectError) {
    isClient = true
    configuration = setup.connection
    lossShield = LossShield(mode: setup.connection.shield)
    tlsContext = setup.tls
    applications = setup.applications
    clientTLS = (setup.serverName, setup.ticket, setup.usesEarlyData)
    unixTime = 0
    trace = setup.trace?(TraceName(original: ids.destination.description, isClient: true)).map { Trace($0, now: now) }
    keepAlive = setup.connection.keepAlive
    unsafe self.endpoint = endpoint
    self.now = now
    knownPath = path

    var destination = ids.destination.ngtcp2
    var source = ids.source.ngtcp2
    var settings = unsafe configuration.makeSettings(now: now)
    if trace != nil { unsafe settings.qlog = .tracing(original: ids.destination) }
    var parameters = unsafe configuration.makeTransportParameters()
    var callbacks = makeConnectionCallbacks()
    let result = unsafe path.withLibraryPath { path in
      unsafe ngtcp2_conn_client_new_versioned(
        &conn, &destination, &source, path, NGTCP2_PROTO_VER_V1, NGTCP2_CALLBACKS_VERSION, &callbacks, NGTCP2_SETTINGS_VERSION,
        &settings, NGTCP2_TRANSPORT_PARAMS_VERSION, &parameters, nil, Unmanaged.passUnretained(self).toOpaque())
    }
    guard result == 0 else { throw .libraryFailure(describeLibrary(result)) }
    try makeSession()
  }

  init(
    server setup: ServerSetup, incoming: ClientInitial, source: ConnectionID, resetToken: ResetToken, path: NetworkPath,
    endpoint: Endpoint, now: NIODeadline
  ) throws(ConnectError) {
    isClient = false
    configuration = setup.connection
    lossShield = LossShield(mode: setup.connection.shield)
    tlsContext = setup.tls
    applications = setup.applications
    clientTLS = ("", nil, false)
    unixTime = setup.unixTime
    let original = incoming.originalDestination ?? incoming.header.destination
    trace = setup.trace?(TraceName(original: original.description, isClient: false)).map { Trace($0, now: now) }
    keepAlive = setup.connection.keepAlive
    unsafe self.endpoint = endpoint
    self.now = now
    knownPath = path

    var destination = incoming.header.source.ngtcp2
    var source = source.ngtcp2
    var parameters = unsafe configuration.makeTransportParameters()
    unsafe parameters.original_dcid = original.ngtcp2
    if incoming.originalDestination != nil {
      unsafe parameters.retry_scid = incoming.header.destination.ngtcp2
      unsafe parameters.retry_scid_present = 1
    }
    unsafe parameters.stateless_reset_token_present = 1
    unsafe resetToken.copy(to: &parameters.stateless_reset_token)
    var callbacks = makeConnectionCallbacks()
    let result = unsafe incoming.token.withUnsafeBufferPointer { token in
      unsafe path.withLibraryPath { path in
        var settings = unsafe configuration.makeSettings(now: now)
        if trace != nil { unsafe settings.qlog = .tracing(original: original) }
        unsafe settings.token = ngtcp2_vec(base: UnsafeMutablePointer(mutating: token.baseAddress), len: token.count)
        return unsafe ngtcp2_conn_server_new_versioned(
          &conn, &destination, &source, path, NGTCP2_PROTO_VER_V1, NGTCP2_CALLBACKS_VERSION, &callbacks,
          NGTCP2_SETTINGS_VERSION, &settings, NGTCP2_TRANSPORT_PARAMS_VERSION, &parameters, nil,
          Unmanaged.passUnretained(self).toOpaque())
      }
    }
    guard result == 0 else { throw .libraryFailure(describeLibrary(result)) }
  }

  deinit {
    // The session's callbacks reach for the connection, so it goes first.
    tls = nil
    unsafe ngtcp2_conn_del(conn)
    passTraceOn()
    trace?.end()
  }

  /// What a forged Initial has caused is not worth a trace.
  private func passTraceOn() {
    if !wasForged { trace?.passOn(now: now) }
  }

  /// Makes the TLS session if there is none yet.
  func makeSession() throws(ConnectError) {
    guard tls == nil else { return }
    let session = try unsafe TLSSession(
      context: tlsContext, conn: conn, protocols: applications.map(\.name), serverName: clientTLS.serverName,
      ticket: clientTLS.ticket, usesEarlyData: clientTLS.usesEarlyData, unixTime: unixTime)
    unsafe ngtcp2_conn_set_tls_native_handle(conn, UnsafeMutableRawPointer(session.session))
    tls = session
  }

  // MARK: Deadline and events

  /// When `handleTimeout` wants to be called; nil when the connection is over.
  public var deadline: NIODeadline? {
    switch state {
    case .open: earlier(libraryDeadline, earlier(lossShield.deadline, pathDeadline))
    case .closing(let period): period.end
    case .draining(let end): end
    case .ended: nil
    }
  }

  /// Of what a client does about its path besides ngtcp2.
  private var pathDeadline: NIODeadline? {
    guard isClient, isHandshakeConfirmed else { return nil }
    return earlier(localMoves.deadline, isWaitingForPeer ? silence.deadline : nil)
  }

  /// ngtcp2 takes some of its timers for expired only after the time that it names.
  private var libraryDeadline: NIODeadline? {
    unsafe NIODeadline(timestamp: min(ngtcp2_conn_get_expiry(conn), acknowledgementDue?.uptimeNanoseconds ?? .max))?
      .advanced(byNanoseconds: 1)
  }

  /// Acts on a deadline that has passed; does nothing when called early.
  public func handleTimeout(now: NIODeadline) {
    self.now = now
    switch state {
    case .open:
      // The deadline may be that of a copy.
      if let libraryDeadline, libraryDeadline <= now {
        let result = unsafe ngtcp2_conn_handle_expiry(conn, now.uptimeNanoseconds)
        noteProbeTimeout()
        if result != 0 { fail(result) }
        forgetLingeringIDs()
      }
      if let due = acknowledgementDue, due <= now { acknowledgementDue = nil }
      if isOpen, isClient, isHandshakeConfirmed {
        makeMove()
        checkSilence()
      }
      setNeedsWrite()
    case .closing(let period):
      if period.end <= now { state = .ended }
    case .draining(let end):
      if end <= now { state = .ended }
    case .ended:
      break
    }
  }

  /// The next thing that happened; nil when all were told.
  public func nextEvent() -> ConnectionEvent? {
    events.popFirst()
  }

  func record(_ event: ConnectionEvent) {
    events.append(event)
    enroll()
  }

  /// Puts the connection on the endpoint's list of those to visit.
  func enroll() {
    guard !isEnrolled else { return }
    unsafe endpoint?.enroll(self)
  }
}

extension Connection {
  enum State {
    case open
    case closing(ClosingPeriod)
    case draining(NIODeadline)
    case ended
  }

  /// What to write into CONNECTION_CLOSE.
  struct CloseOrder {
    var code: ConnectionClosure.Code
    var reason: String
  }

  struct HeldPacket {
    var bytes: [UInt8]
    var path: NetworkPath
    var ecn: ECNCodepoint
    var kind: Burst.Kind
    var urgency: Urgency?
  }

  struct Counts {
    var bytesSent: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var packetsSent: UInt64 = 0
    var packetsReceived: UInt64 = 0
    var packetsLost: UInt64 = 0
    var copiesSent: UInt64 = 0
    var copyBytesSent: UInt64 = 0
    var openStreams = 0
  }

  var isOpen: Bool {
    if case .open = state { return true }
    return false
  }

  /// Nothing more will come from this connection, and it is not needed any more.
  var isFinished: Bool {
    if case .ended = state { return events.isEmpty }
    return false
  }
}

private func earlier(_ one: NIODeadline?, _ other: NIODeadline?) -> NIODeadline? {
  guard let one, let other else { return one ?? other }
  return min(one, other)
}

/// The library's words for one of its error codes.
func describeLibrary(_ code: Int32) -> String {
  guard let text = unsafe ngtcp2_strerror(code) else { return "ngtcp2 error \(code)" }
  return unsafe String(cString: text)
}
