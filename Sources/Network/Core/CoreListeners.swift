import Gateway
import NIOCore

/// The listeners of a core, for clients in the cloud whose requests go to edges.
struct CoreListeners: Sendable {
  private let listeners: [(options: CoreOptions.Listener, listener: GatewayListener)]

  var all: [TCPListener] { listeners.map(\.listener.listener) }

  /// - Throws: `ListenError` when an address cannot be bound; then none is left open.
  static func bind(
    _ wanted: [CoreOptions.Listener], gateways: [NIOLoopBound<Gateway>], options: CoreOptions, loops: LoopGroup
  ) async throws -> CoreListeners {
    var listeners: [(options: CoreOptions.Listener, listener: GatewayListener)] = []
    for listener in wanted {
      do {
        let bound = try await GatewayListener.bind(
          name: listener.name, kind: listener.kind, to: listener.address, tls: listener.certificate?.context(for: listener.kind),
          gateways: gateways, hop: options.hop.name, limits: options.limits, loops: loops)
        listeners.append((listener, bound))
      } catch {
        await CoreListeners(listeners: listeners).close()
        throw error
      }
    }
    return CoreListeners(listeners: listeners)
  }

  /// Gives listeners that have TLS new certificates. What is elsewhere, or another kind of listener, stays as it was bound until the
  /// next start.
  func reload(_ wanted: [CoreOptions.Listener]) async throws {
    for new in wanted {
      guard let tls = new.certificate?.context(for: new.kind),
        let bound = listeners.first(where: { $0.options.name == new.name && $0.options.isPlaced(as: new) })
      else { continue }
      try await bound.listener.reload(tls: tls)
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
