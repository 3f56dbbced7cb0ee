public import NIOCore
import NIOSSL

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

  /// A certificate for clients in the cloud, with its key.
  public struct ListenerCertificate: Sendable {
    let context: NIOSSLContext

    /// - Parameters:
    ///   - chain: the leaf first, then its issuers, PEM.
    ///   - privateKey: PEM.
    /// - Throws: what they are wrong by, so that nothing can go wrong any more when they are put in use.
    public init(chain: [UInt8], privateKey: [UInt8]) throws {
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: try NIOSSLCertificate.fromPEMBytes(chain).map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(bytes: privateKey, format: .pem)))
      // TLS 1.2 is what older clients in a cloud speak; ALPN offers both wires, which the first bytes tell apart.
      configuration.minimumTLSVersion = .tlsv12
      configuration.applicationProtocols = ["h2", "http/1.1"]
      context = try NIOSSLContext(configuration: configuration)
    }
  }
}
