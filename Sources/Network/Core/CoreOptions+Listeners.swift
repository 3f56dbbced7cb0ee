public import NIOCore

extension CoreOptions {
  /// A TCP listener for clients in the cloud, whose requests go to edges.
  public struct Listener: Sendable {
    /// By which the policy knows it.
    public var name: String
    public var address: SocketAddress
    /// Clients, or connections that are tunnels to an edge's service.
    public var kind: ListenerKind
    /// What clients are shown; nil without TLS.
    public var certificate: ListenerCertificate?

    public init(name: String, address: SocketAddress, kind: ListenerKind = .http, certificate: ListenerCertificate? = nil) {
      self.name = name
      self.address = address
      self.kind = kind
      self.certificate = certificate
    }

    /// Whether a listener that was bound as this one is what `other` says, but for the certificate.
    func isPlaced(as other: Listener) -> Bool {
      name == other.name && address == other.address && kind == other.kind && (certificate == nil) == (other.certificate == nil)
    }

    /// Whether a listener that was bound as this one leaves no place for `other`.
    func stands(for other: Listener) -> Bool {
      guard address.port != 0 else { return address == other.address && name == other.name }
      guard address != other.address else { return true }
      return address.port == other.address.port && (address.isWildcard || other.address.isWildcard)
    }
  }
}

extension SocketAddress {
  /// Whether it is all addresses of the machine.
  fileprivate var isWildcard: Bool { ipAddress == "0.0.0.0" || ipAddress == "::" }
}
