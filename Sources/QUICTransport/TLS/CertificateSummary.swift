internal import Events

/// The parts of a certificate that quicgw asks for.
public struct CertificateSummary: Sendable, Equatable {
  /// The dNSName entries of its subject alternative names.
  public internal(set) var dnsNames: [String] = []
  /// The uniformResourceIdentifier entries.
  public internal(set) var uris: [String] = []
  /// Its extended key usages name client authentication.
  public internal(set) var allowsClientAuthentication = false
  /// Its extended key usages name server authentication.
  public internal(set) var allowsServerAuthentication = false
  /// The beginning of its validity, in seconds of Unix time.
  public internal(set) var notBefore: Int64 = 0
  /// The end of its validity, in seconds of Unix time.
  public internal(set) var expiry: Int64 = 0

  /// Its serial number, big-endian; with its issuer's name it tells the certificate from all others (RFC 5280 §4.1.2.2).
  public internal(set) var serialNumber: [UInt8] = []

  /// All names that can be an identity.
  public var names: [String] { dnsNames + uris }

  /// Who the holder of this certificate is: the one name of the wanted kind, if the certificate is for the peer's role.
  func identity(of peer: TLSConfiguration.Role, source: TLSConfiguration.IdentitySource) -> Result<String, PeerVerdict> {
    let isForRole = peer == .client ? allowsClientAuthentication : allowsServerAuthentication
    guard isForRole else {
      let usage = peer == .client ? "clientAuth" : "serverAuth"
      return .failure(
        PeerVerdict(
          failure: .certificateRejected, alert: .badCertificate,
          reason: "the peer's certificate is not for \(usage); issue one with that extended key usage"))
    }
    let names = source == .dnsName ? dnsNames : uris
    let kind = source == .dnsName ? "dNSName" : "URI"
    guard names.count == 1 else {
      let reason = "the peer's certificate has \(names.count) names of kind \(kind); an identity is exactly one"
      return .failure(PeerVerdict(failure: .noIdentity, alert: .certificateUnknown, reason: reason))
    }
    guard source == .dnsName else { return .success(names[0]) }
    guard !names[0].contains("*") else {
      let reason = "the peer's certificate is for the wildcard \(names[0]); an identity is one name"
      return .failure(PeerVerdict(failure: .noIdentity, alert: .certificateUnknown, reason: reason))
    }
    // Names are equal whatever their case (RFC 4343); origins that compare bytes see one edge.
    return .success(names[0].lowercased())
  }
}
