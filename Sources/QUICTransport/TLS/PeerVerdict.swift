internal import Events

/// Why a peer's certificate was refused, in the three forms that it is told in: to metrics, to the peer and to the operator.
struct PeerVerdict: Error, Equatable {
  var failure: HandshakeFailure
  var alert: TLSAlert
  var reason: String
}

/// TLS alerts (RFC 8446 §6) that a handshake with certificates meets.
struct TLSAlert: RawRepresentable, Hashable {
  var rawValue: UInt8

  static let badCertificate = TLSAlert(rawValue: 42)
  static let certificateRevoked = TLSAlert(rawValue: 44)
  static let certificateExpired = TLSAlert(rawValue: 45)
  static let certificateUnknown = TLSAlert(rawValue: 46)
  static let unknownAuthority = TLSAlert(rawValue: 48)
  static let accessDenied = TLSAlert(rawValue: 49)
  static let unrecognizedName = TLSAlert(rawValue: 112)
  static let certificateRequired = TLSAlert(rawValue: 116)
  static let noApplicationProtocol = TLSAlert(rawValue: 120)

  /// What the peer says with this alert, for the end of a sentence that begins with "the peer".
  var meaning: String {
    switch self {
    case .badCertificate: "refuses our certificate (bad_certificate): ask its operator which names or uses it wants"
    case .certificateRevoked: "refuses our certificate: it was revoked"
    case .certificateExpired: "refuses our certificate: it has expired; issue a new one"
    case .certificateUnknown: "refuses our certificate (certificate_unknown): it names nobody that the peer accepts"
    case .unknownAuthority: "refuses our certificate: its CA is not in the peer's CA file"
    case .accessDenied: "denies access to the name in our certificate"
    case .unrecognizedName: "does not know the server name that we asked for"
    case .certificateRequired: "wants a certificate from us"
    case .noApplicationProtocol: "speaks none of our application protocols (ALPN)"
    default: "broke off the handshake with TLS alert \(rawValue)"
    }
  }

  /// The code in a CONNECTION_CLOSE frame, RFC 9001 §4.8.
  var transportCode: UInt64 { 0x100 + UInt64(rawValue) }

  init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// The alert in a transport error code; nil for other codes.
  init?(transportCode: UInt64) {
    guard (0x100...0x1ff).contains(transportCode) else { return nil }
    rawValue = UInt8(truncatingIfNeeded: transportCode)
  }
}
