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
  }

  /// A certificate for clients in the cloud.
  public struct ListenerCertificate: Sendable {
    /// The leaf first, then its issuers, PEM.
    public var chain: [UInt8]
    /// PEM.
    public var privateKey: [UInt8]

    public init(chain: [UInt8], privateKey: [UInt8]) {
      self.chain = chain
      self.privateKey = privateKey
    }
  }
}
