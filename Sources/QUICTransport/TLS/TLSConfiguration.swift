/// What a TLS context is made from. There is no mode without certificates on both sides.
public struct TLSConfiguration: Sendable {
  public var role: Role
  /// The leaf first, then its issuers, PEM.
  public var certificateChain: [UInt8]
  /// PEM; not encrypted.
  public var privateKey: [UInt8]
  /// The authorities that the peer's chain must end at, PEM.
  public var trustedAuthorities: [UInt8]
  /// Where a peer's leaf says who it is.
  public var identity: IdentitySource = .dnsName
  /// Writes the keys of all connections into the file that `SSLKEYLOGFILE` in the environment names, for tshark. GnuTLS would do so
  /// without being asked; here whoever can set a variable cannot read along.
  public var logsKeys = false
  /// The key of session tickets, 64 bytes, which servers may share (RFC 5077 §5.5); nil makes a random one.
  public var ticketKey: [UInt8]?
  /// Keys under which a server takes tickets but gives none: before a change of key that of afterwards, then that of before.
  public var furtherTicketKeys: [[UInt8]] = []
  /// Lets a server take early data (RFC 8446 §2.3); nil refuses it. Sessions are resumed in any case.
  public var antiReplay: AntiReplay?
  /// Asked about each peer's leaf certificate whose chain is good, on resumed sessions again; true refuses it.
  public var isRevoked: (@Sendable (CertificateSummary) -> Bool)?

  public init(role: Role, certificateChain: [UInt8], privateKey: [UInt8], trustedAuthorities: [UInt8]) {
    self.role = role
    self.certificateChain = certificateChain
    self.privateKey = privateKey
    self.trustedAuthorities = trustedAuthorities
  }

  /// Which side of a handshake.
  public enum Role: Sendable, Hashable {
    case client, server
  }

  /// The kind of subject alternative name (RFC 5280 §4.2.1.6) that is an identity.
  public enum IdentitySource: Sendable, Hashable {
    case dnsName, uri
  }
}

/// Why a TLS context cannot be made.
public enum TLSContextError: Error, Sendable, Equatable {
  case unreadableCertificate(String)
  case unreadableKey(String)
  case keyDoesNotMatchCertificate
  case unreadableAuthorities(String)
  case certificateExpired(String)
  case certificateNotYetValid(String)
  case unusableTicketKey
  case libraryFailure(String)
}

extension TLSContextError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadableCertificate(let why): "the certificate cannot be read (\(why)); give a PEM file with the leaf first"
    case .unreadableKey(let why): "the private key cannot be read (\(why)); give an unencrypted PEM file"
    case .keyDoesNotMatchCertificate: "the private key does not belong to the certificate; give the key that it was issued for"
    case .unreadableAuthorities(let why): "the CA file cannot be read (\(why)); give a PEM file with at least one certificate"
    case .certificateExpired(let name): "the certificate of \(name) has expired; issue a new one"
    case .certificateNotYetValid(let name): "the certificate of \(name) is not valid yet; check the clock"
    case .unusableTicketKey: "a ticket key has 64 bytes"
    case .libraryFailure(let why): "GnuTLS failed: \(why)"
    }
  }
}
