internal import CGnuTLS
internal import Glibc

/// Certificates, keys and trust for many connections; immutable, so that a reload makes a new one for new connections.
///
/// Can be shared by event loops.
@safe
public final class TLSContext: @unchecked Sendable {
  // Sendable because the GnuTLS objects are written in `init` only, and GnuTLS lets the sessions of several threads read the same
  // credentials and priorities.
  let credentials: OpaquePointer?
  let priorities: OpaquePointer?
  let ticketKey: [UInt8]
  let furtherTicketKeys: [[UInt8]]
  let logsKeys: Bool
  let antiReplay: AntiReplay?
  let isRevoked: (@Sendable (CertificateSummary) -> Bool)?

  public let role: TLSConfiguration.Role
  public let identitySource: TLSConfiguration.IdentitySource

  /// Tells this certificate chain with these authorities from others: a ticket that was got under others is no longer used.
  public let trustFingerprint: UInt64

  /// What our own leaf certificate says.
  public let certificate: CertificateSummary

  /// - Parameter unixTime: the present time in seconds, against which the certificate's validity is held.
  public init(_ configuration: TLSConfiguration, unixTime: Int64) throws(TLSContextError) {
    role = configuration.role
    identitySource = configuration.identity
    logsKeys = configuration.logsKeys
    antiReplay = configuration.antiReplay
    isRevoked = configuration.isRevoked
    trustFingerprint = TLSContext.fingerprint(of: configuration.certificateChain, configuration.trustedAuthorities)
    certificate = try TLSContext.readLeaf(configuration.certificateChain, unixTime: unixTime)
    ticketKey = try TLSContext.makeTicketKey(configuration.ticketKey)
    furtherTicketKeys = configuration.furtherTicketKeys
    guard furtherTicketKeys.allSatisfy({ $0.count == TLSContext.ticketKeyByteCount }) else { throw .unusableTicketKey }
    let credentials = try unsafe TLSContext.makeCredentials(configuration)
    var priorities: OpaquePointer?
    let result = unsafe gnutls_priority_init(&priorities, TLSContext.priorityString(configuration.role), nil)
    guard result == 0 else {
      unsafe gnutls_certificate_free_credentials(credentials)
      throw .libraryFailure(describeGnuTLS(result))
    }
    unsafe self.credentials = credentials
    unsafe self.priorities = priorities
  }

  deinit {
    unsafe gnutls_priority_deinit(priorities)
    unsafe gnutls_certificate_free_credentials(credentials)
  }

  /// FNV-1a; who could make two alike has the files that it tells apart.
  private static func fingerprint(of parts: [UInt8]...) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for part in parts {
      for byte in part { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      hash = (hash ^ UInt64(part.count)) &* 0x100_0000_01b3
    }
    return hash
  }

  private static func readLeaf(_ chain: [UInt8], unixTime: Int64) throws(TLSContextError) -> CertificateSummary {
    guard let leaf = unsafe chain.withUnsafeBufferPointer({ unsafe CertificateSummary($0, format: GNUTLS_X509_FMT_PEM) }) else {
      throw .unreadableCertificate("no certificate in PEM form")
    }
    let name = leaf.dnsNames.first ?? leaf.uris.first ?? "unknown name"
    if leaf.expiry < unixTime { throw .certificateExpired(name) }
    if leaf.notBefore > unixTime { throw .certificateNotYetValid(name) }
    return leaf
  }

  private static func makeCredentials(_ configuration: TLSConfiguration) throws(TLSContextError) -> OpaquePointer? {
    var credentials: OpaquePointer?
    var result = unsafe gnutls_certificate_allocate_credentials(&credentials)
    guard result == 0 else { throw .libraryFailure(describeGnuTLS(result)) }
    var isComplete = false
    defer { if !isComplete { unsafe gnutls_certificate_free_credentials(credentials) } }

    result = unsafe configuration.trustedAuthorities.withUnsafeBufferPointer { bytes in
      var data = unsafe gnutls_datum_t(bytes)
      return unsafe gnutls_certificate_set_x509_trust_mem(credentials, &data, GNUTLS_X509_FMT_PEM)
    }
    guard result > 0 else {
      throw .unreadableAuthorities(result == 0 ? "it holds no certificate" : describeGnuTLS(result))
    }

    result = unsafe configuration.certificateChain.withUnsafeBufferPointer { chain in
      unsafe configuration.privateKey.withUnsafeBufferPointer { key in
        var chainData = unsafe gnutls_datum_t(chain)
        var keyData = unsafe gnutls_datum_t(key)
        return unsafe gnutls_certificate_set_x509_key_mem2(credentials, &chainData, &keyData, GNUTLS_X509_FMT_PEM, nil, 0)
      }
    }
    if result == GNUTLS_E_CERTIFICATE_KEY_MISMATCH { throw .keyDoesNotMatchCertificate }
    guard result >= 0 else { throw .unreadableKey(describeGnuTLS(result)) }

    isComplete = true
    return unsafe credentials
  }

  private static func makeTicketKey(_ configured: [UInt8]?) throws(TLSContextError) -> [UInt8] {
    if let configured {
      guard configured.count == ticketKeyByteCount else { throw .unusableTicketKey }
      return configured
    }
    var key = unsafe gnutls_datum_t(data: nil, size: 0)
    let result = unsafe gnutls_session_ticket_key_generate(&key)
    guard result == 0 else { throw .libraryFailure(describeGnuTLS(result)) }
    defer {
      unsafe gnutls_memset(key.data, 0, Int(key.size))
      unsafe free(key.data)
    }
    return unsafe [UInt8](UnsafeBufferPointer(start: key.data, count: Int(key.size)))
  }

  /// AES-128-GCM first: GnuTLS does it with the processor's instructions and ChaCha20 eight times slower without.
  private static func priorityString(_ role: TLSConfiguration.Role) -> String {
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"
      + "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%DISABLE_TLS13_COMPAT_MODE"
      + (role == .server ? ":%SERVER_PRECEDENCE" : "")
  }

  private static let ticketKeyByteCount = 64
}

/// The library's words for one of its error codes.
func describeGnuTLS(_ code: Int32) -> String {
  guard let text = unsafe gnutls_strerror(code) else { return "GnuTLS error \(code)" }
  return unsafe String(cString: text)
}
