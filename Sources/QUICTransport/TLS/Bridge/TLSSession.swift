internal import CGnuTLS
internal import CNgtcp2
internal import Glibc

/// The TLS half of one connection: owns the GnuTLS session and the reference through which ngtcp2's glue finds the connection.
///
/// Made before the handshake's first message; freed before the `ngtcp2_conn` that it points at.
@safe
final class TLSSession {
  let context: TLSContext
  let session: OpaquePointer?
  private let reference: UnsafeMutablePointer<ngtcp2_crypto_conn_ref>
  let conn: OpaquePointer?
  /// The name that the server's certificate must have (client).
  let serverName: String

  /// When the connection began, in seconds (server).
  let unixTime: Int64

  /// Why the peer's certificate was refused; nil while nothing is wrong with it.
  var verdict: PeerVerdict?
  /// The verified identity; nil until the certificate was verified.
  var peerIdentity: String?
  var peerCertificate: CertificateSummary?
  /// Tickets that came in and were not told yet.
  var newTickets: [SessionTicket] = []
  /// The first flight whose early data is taken (server).
  var flight: FlightIdentifier?
  /// Why the record of first flights has refused early data (server).
  var flightRefusal: FlightVerdict?
  /// Early data was offered, and could be taken (server).
  var clientOffersEarlyData = false
  /// The session works with one of the further ticket keys (server).
  var hasFurtherTicketKey = false
  /// Early data can be sent (client).
  private(set) var offersEarlyData = false

  /// - Parameters:
  ///   - conn: the connection; outlives this object.
  ///   - serverName: for a client; the name or IP address that is verified.
  ///   - usesEarlyData: for a client with a ticket. GnuTLS then offers early data whether any is sent or not.
  init(
    context: TLSContext, conn: OpaquePointer?, protocols: [[UInt8]], serverName: String, ticket: SessionTicket?, usesEarlyData: Bool,
    unixTime: Int64
  ) throws(ConnectError) {
    self.context = context
    unsafe self.conn = conn
    self.serverName = serverName
    self.unixTime = unixTime
    var session: OpaquePointer?
    let role = context.role == .client ? gnutlsClient : gnutlsServer | GNUTLS_NO_AUTO_SEND_TICKET.rawValue
    let early = usesEarlyData || context.antiReplay != nil ? GNUTLS_ENABLE_EARLY_DATA.rawValue : 0
    let result = unsafe gnutls_init(&session, role | early | GNUTLS_NO_END_OF_EARLY_DATA.rawValue)
    guard result == 0 else { throw .libraryFailure(describeGnuTLS(result)) }
    unsafe self.session = session
    unsafe reference = .allocate(capacity: 1)
    unsafe reference.initialize(to: ngtcp2_crypto_conn_ref())
    unsafe reference.pointee.get_conn = tlsCallbackConnection
    unsafe reference.pointee.user_data = Unmanaged.passUnretained(self).toOpaque()

    try configure(protocols: protocols, ticket: ticket, usesEarlyData: usesEarlyData)
  }

  deinit {
    unsafe gnutls_deinit(session)
    unsafe reference.deinitialize(count: 1)
    unsafe reference.deallocate()
  }

  private func configure(protocols: [[UInt8]], ticket: SessionTicket?, usesEarlyData: Bool) throws(ConnectError) {
    try check(unsafe gnutls_priority_set(session, context.priorities))
    unsafe gnutls_session_set_ptr(session, reference)
    try check(unsafe gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(context.credentials)))
    try offer(protocols)
    unsafe gnutls_session_set_verify_function(session, tlsCallbackVerify)
    if !context.logsKeys { unsafe gnutls_session_set_keylog_function(session, nil) }

    switch context.role {
    case .server:
      try check(unsafe ngtcp2_crypto_gnutls_configure_server_session(session))
      unsafe gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE)
      // A client that is told our authorities keeps a certificate of another one to itself, and "no certificate" would mislead
      // its operator.
      unsafe gnutls_certificate_send_x509_rdn_sequence(session, 1)
      try check(
        unsafe context.ticketKey.withUnsafeBufferPointer { bytes in
          var key = unsafe gnutls_datum_t(bytes)
          return unsafe gnutls_session_ticket_enable_server(session, &key)
        })
      if !context.furtherTicketKeys.isEmpty || context.antiReplay != nil {
        unsafe gnutls_handshake_set_hook_function(
          session, UInt32(GNUTLS_HANDSHAKE_CLIENT_HELLO.rawValue), Int32(GNUTLS_HOOK_PRE), tlsCallbackClientHello)
      }
      unsafe gnutls_db_set_cache_expiration(session, Int32(TicketLifetime.seconds))
      if let antiReplay = context.antiReplay {
        unsafe gnutls_anti_replay_enable(session, antiReplay.context)
        // RFC 9001 §4.6.1 wants just this value.
        try check(unsafe gnutls_record_set_max_early_data_size(session, 0xffff_ffff))
      }
    case .client:
      try check(unsafe ngtcp2_crypto_gnutls_configure_client_session(session))
      if !isIPAddress {
        try check(unsafe gnutls_server_name_set(session, GNUTLS_NAME_DNS, serverName, serverName.utf8.count))
      }
      unsafe gnutls_handshake_set_hook_function(
        session, UInt32(GNUTLS_HANDSHAKE_NEW_SESSION_TICKET.rawValue), Int32(GNUTLS_HOOK_POST), tlsCallbackTicket)
      // A ticket that GnuTLS does not take costs a full handshake and nothing else.
      guard let ticket, unsafe gnutls_session_set_data(session, ticket.session, ticket.session.count) == 0 else { break }
      offersEarlyData = usesEarlyData
    }
  }

  private func offer(_ protocols: [[UInt8]]) throws(ConnectError) {
    let all = protocols.flatMap { $0 }
    let result = unsafe all.withUnsafeBufferPointer { bytes in
      var offset = 0
      var names = unsafe [gnutls_datum_t]()
      for name in protocols {
        unsafe names.append(gnutls_datum_t(UnsafeBufferPointer(rebasing: bytes[offset..<offset + name.count])))
        offset += name.count
      }
      let flags = GNUTLS_ALPN_MANDATORY.rawValue | (context.role == .server ? GNUTLS_ALPN_SERVER_PRECEDENCE.rawValue : 0)
      return unsafe gnutls_alpn_set_protocols(session, names, UInt32(names.count), flags)
    }
    try check(result)
  }

  private func check(_ result: Int32) throws(ConnectError) {
    guard result >= 0 else { throw .libraryFailure(describeGnuTLS(result)) }
  }

  // MARK: What the handshake found

  var isResumed: Bool { unsafe gnutls_session_is_resumed(session) != 0 }

  /// The protocol that was agreed on; empty while there is none.
  var applicationProtocol: [UInt8] {
    var name = unsafe gnutls_datum_t(data: nil, size: 0)
    guard unsafe gnutls_alpn_get_selected_protocol(session, &name) == 0 else { return [] }
    return unsafe [UInt8](UnsafeBufferPointer(start: name.data, count: Int(name.size)))
  }

  /// Whether the server takes our early data (client), or we take the client's (server); known from the end of the handshake on a
  /// client, from the first flight on a server.
  var isEarlyDataAccepted: Bool { unsafe gnutls_session_get_flags(session) & GNUTLS_SFLAGS_EARLY_DATA.rawValue != 0 }

  /// Sends tickets; called when the handshake is complete, so that it holds the client's certificate.
  ///
  /// Tickets are given under the first key only, else a key that was given up would live on in those of its clients. GnuTLS cannot
  /// change back, so a session that was resumed under a further one brings none, and the client's next handshake is a full one.
  func sendTickets() {
    guard !hasFurtherTicketKey else { return }
    // Without a ticket the client makes a full handshake next time; nobody needs to hear of it.
    _ = unsafe gnutls_session_ticket_send(session, TLSSession.ticketCount, 0)
  }

  /// Keeps a ticket that has just come; GnuTLS hands its data out only from inside the hook without waiting for more.
  func recordTicket() {
    var data = unsafe gnutls_datum_t(data: nil, size: 0)
    guard unsafe gnutls_session_get_data2(session, &data) == 0 else { return }
    defer { unsafe free(data.data) }
    guard let limits = unsafe RememberedLimits(of: conn), let expiry = peerCertificate?.expiry else { return }
    newTickets.append(
      SessionTicket(
        session: unsafe [UInt8](UnsafeBufferPointer(start: data.data, count: Int(data.size))), limits: limits,
        applicationProtocol: applicationProtocol, serverCertificateExpiry: expiry))
  }

  /// Two, so that a connection which is lost before it has brought new ones leaves one. Each has the client's certificate in it.
  private static let ticketCount: UInt32 = 2
}

// Both names exist twice in GnuTLS's headers, as enum constant and as macro; only a typed constant tells Swift which.
private let gnutlsClient = UInt32(GNUTLS_CLIENT)
private let gnutlsServer = UInt32(GNUTLS_SERVER)
