import Gateway
import NIOCore
import NIOSSL

/// The listeners of a core, for clients in the cloud whose requests go to edges.
struct CoreListeners: Sendable {
  private let listeners: [(name: String, listener: GatewayListener)]

  var all: [TCPListener] { listeners.map(\.listener.listener) }

  /// - Throws: `ListenError` when an address cannot be bound, or what a certificate is wrong by; then none is left open.
  static func bind(
    _ wanted: [CoreOptions.Listener], gateways: [NIOLoopBound<Gateway>], options: CoreOptions, loops: LoopGroup
  ) async throws -> CoreListeners {
    var listeners: [(name: String, listener: GatewayListener)] = []
    for listener in wanted {
      do {
        let bound = try await GatewayListener.bind(
          name: listener.name, kind: listener.kind, to: listener.address, tls: try listener.certificate?.context(),
          gateways: gateways, hop: options.hop.name, limits: options.limits, loops: loops)
        listeners.append((listener.name, bound))
      } catch {
        await CoreListeners(listeners: listeners).close()
        throw error
      }
    }
    return CoreListeners(listeners: listeners)
  }

  /// Gives listeners that have TLS new certificates; addresses stay as they are.
  func reload(_ wanted: [CoreOptions.Listener]) async throws {
    for listener in wanted {
      guard let tls = try listener.certificate?.context() else { continue }
      try await listeners.first { $0.name == listener.name }?.listener.reload(tls: tls)
    }
  }

  /// Accepts no more; open requests go on.
  func drain() async {
    for listener in all { await listener.drain() }
  }

  func openExchangeCount() async throws -> Int {
    var count = 0
    for listener in all { count += try await listener.openExchangeCount() }
    return count
  }

  /// Closes everything that is open.
  func abort() {
    for listener in all { listener.abort() }
  }

  private func close() async {
    await drain()
    abort()
  }
}

extension CoreOptions.ListenerCertificate {
  /// TLS 1.2 is what older clients in a cloud speak; ALPN offers both wires, which the first bytes tell apart.
  func context() throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(chain).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: privateKey, format: .pem)))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["h2", "http/1.1"]
    return try NIOSSLContext(configuration: configuration)
  }
}
