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

    /// Whether a listener that was bound as this one can become `other`, which has the same name, while it is open.
    func isPlaced(as other: Listener) -> Bool {
      address == other.address && kind == other.kind && (certificate == nil) == (other.certificate == nil)
    }
  }
}
