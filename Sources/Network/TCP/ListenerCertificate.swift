import NIOSSL

/// What a listener's clients are shown: a certificate with its key.
public struct ListenerCertificate: Sendable {
  private let contexts: (http: NIOSSLContext, bytes: NIOSSLContext)

  /// - Parameters:
  ///   - chain: the leaf first, then its issuers, PEM.
  ///   - privateKey: PEM.
  /// - Throws: what they are wrong by, so that nothing can go wrong any more when they are put in use.
  public init(chain: [UInt8], privateKey: [UInt8]) throws {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(chain).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: privateKey, format: .pem)))
    // TLS 1.2 is what older clients speak.
    configuration.minimumTLSVersion = .tlsv12
    let bytes = try NIOSSLContext(configuration: configuration)
    // ALPN offers both wires, which the first bytes tell apart.
    configuration.applicationProtocols = ["h2", "http/1.1"]
    contexts = (try NIOSSLContext(configuration: configuration), bytes)
  }

  /// What is behind a `tcp` listener is not known here, so ALPN promises nothing to its clients.
  func context(for kind: ListenerKind) -> NIOSSLContext { kind == .tcp ? contexts.bytes : contexts.http }
}
