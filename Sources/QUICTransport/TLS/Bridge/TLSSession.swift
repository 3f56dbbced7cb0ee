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

  /// Why the peer's certificate was refused; nil while nothing is wrong with it.
  var verdict: PeerVerdict?
  /// The verified identity; nil until the certificate was verified.
  var peerIdentity: String?
  var peerCertificate: CertificateSummary?
  /// A ticket that came in and was not told yet.
  var newTicket: SessionTicket?

  /// - Parameters:
  ///   - conn: the connection; outlives this object.
  ///   - serverName: for a client; the name or IP address that is verified.
  init(
    context: TLSContext, conn: OpaquePointer?, protocols: [[UInt8]], serverName: String, ticket: SessionTicket?
  ) throws(ConnectError) {
    self.context = context
    unsafe self.conn = conn
    self.serverName = serverName
    var session: OpaquePointer?
    let role = context.role == .client ? gnutlsClient : gnutlsServer | GNUTLS_NO_AUTO_SEND_TICKET.rawValue
    let result = unsafe gnutls_init(&session, role | GNUTLS_NO_END_OF_EARLY_DATA.rawValue)
    guard result == 0 else { throw .libraryFailure(describeGnuTLS(result)) }
    unsafe self.session = session
    unsafe reference = .allocate(capacity: 1)
    unsafe reference.initialize(to: ngtcp2_crypto_conn_ref())
    unsafe reference.pointee.get_conn = tlsCallbackConnection
    unsafe reference.pointee.user_data = Unmanaged.passUnretained(self).toOpaque()

    try configure(protocols: protocols, ticket: ticket)
  }

  deinit {
    unsafe gnutls_deinit(session)
    unsafe reference.deinitialize(count: 1)
    unsafe reference.deallocate()
  }

  private func configure(protocols: [[UInt8]], ticket: SessionTicket?) throws(ConnectError) {
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
    case .client:
      try check(unsafe ngtcp2_crypto_gnutls_configure_client_session(session))
      if !isIPAddress {
        try check(unsafe gnutls_server_name_set(session, GNUTLS_NAME_DNS, serverName, serverName.utf8.count))
      }
      unsafe gnutls_handshake_set_hook_function(
        session, UInt32(GNUTLS_HANDSHAKE_NEW_SESSION_TICKET.rawValue), Int32(GNUTLS_HOOK_POST), tlsCallbackTicket)
      // A ticket that GnuTLS does not take costs a full handshake and nothing else.
      if let ticket { _ = unsafe gnutls_session_set_data(session, ticket.bytes, ticket.bytes.count) }
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

  /// Sends one ticket; called when the handshake is complete, so that it holds the client's certificate.
  func sendTicket() {
    // Without a ticket the client makes a full handshake next time; nobody needs to hear of it.
    _ = unsafe gnutls_session_ticket_send(session, 1, 0)
  }

  /// Keeps a ticket that has just come; GnuTLS hands its data out only from inside the hook without waiting for more.
  func recordTicket() {
    var data = unsafe gnutls_datum_t(data: nil, size: 0)
    guard unsafe gnutls_session_get_data2(session, &data) == 0 else { return }
    newTicket = unsafe SessionTicket(bytes: [UInt8](UnsafeBufferPointer(start: data.data, count: Int(data.size))))
    unsafe free(data.data)
  }
}

// Both names exist twice in GnuTLS's headers, as enum constant and as macro; only a typed constant tells Swift which.
private let gnutlsClient = UInt32(GNUTLS_CLIENT)
private let gnutlsServer = UInt32(GNUTLS_SERVER)
