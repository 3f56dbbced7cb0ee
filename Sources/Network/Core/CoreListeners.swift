import Gateway
import NIOCore

/// The listeners of a core, for clients in the cloud whose requests go to edges.
actor CoreListeners {
  private var bound: [Bound]
  /// Taken out of the configuration, with connections whose requests are not over.
  private var leaving: [TCPListener] = []
  private let open: @Sendable (CoreOptions.Listener) async throws -> GatewayListener

  private struct Bound {
    var options: CoreOptions.Listener
    let listener: GatewayListener
  }

  /// - Throws: `ListenError` when an address cannot be bound; then none is left open.
  static func bind(
    _ wanted: [CoreOptions.Listener], gateways: [NIOLoopBound<Gateway>], options: CoreOptions, loops: LoopGroup
  ) async throws -> CoreListeners {
    let open: @Sendable (CoreOptions.Listener) async throws -> GatewayListener = { listener in
      try await GatewayListener.bind(
        name: listener.name, kind: listener.kind, to: listener.address, tls: listener.certificate?.context(for: listener.kind),
        gateways: gateways, hop: options.hop.name, limits: options.limits, loops: loops)
    }
    return CoreListeners(bound: try await bind(wanted, by: open), open: open)
  }

  private static func bind(
    _ wanted: [CoreOptions.Listener], by open: (CoreOptions.Listener) async throws -> GatewayListener
  ) async throws -> [Bound] {
    var bound: [Bound] = []
    for listener in wanted {
      do {
        bound.append(Bound(options: listener, listener: try await open(listener)))
      } catch {
        for each in bound {
          await each.listener.listener.drain()
          each.listener.listener.abort()
        }
        throw error
      }
    }
    return bound
  }

  private init(bound: [Bound], open: @escaping @Sendable (CoreOptions.Listener) async throws -> GatewayListener) {
    self.bound = bound
    self.open = open
  }

  /// In the order of the configuration.
  var addresses: [SocketAddress] { bound.map(\.listener.listener.localAddress) }

  /// Binds those that are new and have nobody in their way.
  /// - Throws: `ListenError` when an address cannot be bound; then all is as before.
  func add(_ wanted: [CoreOptions.Listener]) async throws {
    let new = try await Self.bind(wanted.filter { new in !bound.contains { $0.options.stands(for: new) } }, by: open)
    bound += new
  }

  /// Closes those that are not wanted any more, whose open requests go on; binds those in whose way one of these stood; and gives those
  /// that have TLS new certificates.
  /// - Throws: `ListenError` when an address that was in the way cannot be bound again.
  func settle(on wanted: [CoreOptions.Listener]) async throws {
    for old in bound where !wanted.contains(where: { old.options.isPlaced(as: $0) }) {
      leaving.append(old.listener.listener)
      await old.listener.listener.drain()
    }
    bound.removeAll { old in !wanted.contains { old.options.isPlaced(as: $0) } }
    try await add(wanted)
    for new in wanted {
      guard let tls = new.certificate?.context(for: new.kind),
        let same = bound.first(where: { $0.options.isPlaced(as: new) })
      else {
        continue
      }
      try await same.listener.reload(tls: tls)
    }
  }

  /// Accepts no more; open requests go on.
  func drain() async {
    for each in bound { await each.listener.listener.drain() }
  }

  func openExchangeCount() async throws -> Int {
    var count = 0
    for listener in leaving + bound.map(\.listener.listener) { count += try await listener.openExchangeCount() }
    return count
  }

  /// Closes everything that is open.
  func abort() {
    for listener in leaving + bound.map(\.listener.listener) { listener.abort() }
  }
}
