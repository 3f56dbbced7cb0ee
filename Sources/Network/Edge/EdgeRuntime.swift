public import Gateway
public import NIOCore
public import QUICTransport
public import Events
import Exchange
import HTTPMessage
import ModuleProxy
import Observability

/// A running edge: its loops, its link to the core on one of them, and its listeners on all.
public final class EdgeRuntime: Sendable {
  /// Where applications on the node connect to, in the order of the options.
  public let listenerAddresses: [SocketAddress]
  /// Where the admin pages are; nil when there are none.
  public let adminAddress: SocketAddress?

  private let options: EdgeOptions
  private let loops: LoopGroup
  private let link: NIOLoopBound<QUICLink>
  private let gateways: [NIOLoopBound<Gateway>]
  private let listeners: [GatewayListener]
  private let modules: ModuleCaches?
  private let admin: TCPListener?
  private let tracing: Tracing?
  private let log: EventLog
  private let life: ProcessLife
  private let draining = Drain()

  /// Binds the listeners, begins to dial, and says so in the log. Does not wait for the link.
  /// - Throws: `TLSContextError`, or an `IOError` when an address cannot be bound.
  public static func start(_ options: EdgeOptions) async throws -> EdgeRuntime {
    let process = options.process
    let log = EventLog(role: .edge, settings: process.log)
    let tls = try TLSContext(options.tls, unixTime: WallTime.now().seconds)
    let loops = try await LoopGroup.start(count: process.loopCount, log: log, settings: process.log)
    let tracing = Tracing.start(in: process.qlog) { loops.record($0) }
    do {
      return try await start(options, loops: loops, log: log, tls: tls, tracing: tracing)
    } catch {
      try await tracing?.finish()
      try await loops.shutDown()
      throw error
    }
  }

  private static func start(
    _ options: EdgeOptions, loops: LoopGroup, log: EventLog, tls: TLSContext, tracing: Tracing?
  ) async throws -> EdgeRuntime {
    let process = options.process
    let life = ProcessLife(certificates: [CertificateExpiry(tls)], onChange: options.process.onReadinessChange)
    loops.watch { life.certificates }
    life.becameUnready("the link to \(options.coreNames) is not confirmed yet")
    let originTLS = try OriginTLSContexts(services: options.exposure.policy.routing.services)
    let home = loops.loops[0]
    let link = try await home.eventLoop.submit {
      let socket = try BoundSocket.openForDialling()
      let link = QUICLink(
        loop: home.value, socket: socket, options: options, tls: tls, originTLS: originTLS, life: life, tracing: tracing)
      return NIOLoopBound(link, eventLoop: home.eventLoop)
    }.get()
    let handler = try await home.eventLoop.submit {
      NIOLoopBound(link.value as any ExchangeHandler, eventLoop: home.eventLoop)
    }.get()
    let ways = try await loops.spread(handler, livingOn: 0)
    var modules: ModuleCaches?
    if let caching = options.modules {
      let server = ModuleServer(
        hop: options.hop.name, identity: tls.certificate.names.first, node: caching.node, version: process.version)
      modules = try await ModuleCaches.start(caching, server: server, loops: loops) { service in
        let link = handler.value
        return caching.sources(of: service, own: link) { $0 == service ? link : ReaddressedSource(link, authority: $0) }
      }
    }
    let caches = modules
    let gateways = try await loops.onEach { loop in
      let way = ways[loop.index].value
      let destination = caches.map { ModuleCacheRouter(caches: $0.handlers(loop: loop.index).value, link: way) } ?? way
      loop.metrics.admit(services: options.policy.routing.services.map(\.name))
      return Gateway(
        hop: options.hop, policy: options.policy, destinations: .link(destination), events: loop.events, now: { .now() })
    }
    var listeners: [GatewayListener] = []
    for listener in options.listeners {
      listeners.append(
        try await GatewayListener.bind(
          name: listener.name, kind: listener.kind, to: listener.address, tls: listener.certificate?.context(for: listener.kind),
          gateways: gateways, hop: options.hop.name, limits: options.limits, loops: loops))
    }
    var admin: TCPListener?
    if let address = process.admin {
      admin = try await AdminListener.bind(
        to: address, loops: loops, hop: options.hop.name, readiness: { life.readiness }, process: { life.facts(of: process) })
    }
    log.record(
      .started(
        role: .edge, listeners: listeners.map { $0.listener.localAddress.text }, link: options.coreNames,
        identity: tls.certificate.names.first, instance: Hexadecimal.text(process.instance)))
    try await home.eventLoop.flatSubmit { link.value.start() }.get()
    return EdgeRuntime(
      options: options, loops: loops, link: link, gateways: gateways, listeners: listeners, modules: modules, admin: admin,
      tracing: tracing, log: log, life: life)
  }

  /// Swaps certificate, key and CA for the next connection, and routes and what is exposed for new requests.
  /// - Throws: `TLSContextError` or what origins' authorities are wrong by; then nothing has changed.
  ///
  /// Listeners that had TLS get new certificates; what is otherwise new about listeners waits for the next start.
  public func reload(
    tls: TLSConfiguration, policy: Policy, exposure: EdgeExposure, listeners wanted: [EdgeOptions.Listener] = []
  ) async throws {
    let context = try TLSContext(tls, unixTime: WallTime.now().seconds)
    let originTLS = try OriginTLSContexts(services: exposure.policy.routing.services)
    try await link.eventLoop.submit { [link] in
      link.value.reload(tls: context)
      link.value.reversed.reload(exposure, originTLS: originTLS)
    }.get()
    for gateway in gateways { try await gateway.eventLoop.submit { gateway.value.policy = policy }.get() }
    for (bound, old) in zip(listeners, options.listeners) where old.certificate != nil {
      guard let new = wanted.first(where: { $0.name == old.name && $0.address == old.address && $0.kind == old.kind }),
        let tls = new.certificate?.context(for: new.kind)
      else { continue }
      try await bound.reload(tls: tls)
    }
    life.renewed(certificates: [CertificateExpiry(context)])
  }

  /// Takes an event of the process as a whole: logged and counted like those of its loops.
  public func record(_ event: Event) {
    loops.record(event)
  }

  /// Readiness off, no new connections and requests, open exchanges finish or are cut at the deadline, everything closes. Whoever
  /// asks for it again waits for the same.
  public func drain() async throws { try await draining.run { try await self.end() } }

  private func end() async throws {
    life.drainBegan()
    log.record(.drainBegan(deadline: options.process.drainTimeout))
    try await link.eventLoop.submit { [link] in link.value.reversed.drain() }.get()
    for each in listeners { await each.listener.drain() }
    try await wait(atMost: options.process.drainTimeout) {
      guard try await self.openExchangeCount() == 0 else { return false }
      return try await self.link.eventLoop.submit { [link = self.link] in link.value.reversed.isDrained }.get()
    }
    log.record(.drainEnded(abandonedExchanges: try await openExchangeCount()))
    for each in listeners { each.listener.abort() }
    try await link.eventLoop.submit { [link] in
      link.value.drain()
      link.value.close(reason: "shutting down")
    }.get()
    // CONNECTION_CLOSE leaves at the end of the loop's turn, so before this.
    try await link.eventLoop.submit { [link] in link.value.stop() }.get()
    try await modules?.stop()
    await admin?.drain()
    try await tracing?.finish()
    try await loops.shutDown()
  }

  private func openExchangeCount() async throws -> Int {
    var count = 0
    for each in listeners { count += try await each.listener.openExchangeCount() }
    return count + (try await link.eventLoop.submit { [link] in link.value.reversed.openExchangeCount }.get())
  }

  private init(
    options: EdgeOptions, loops: LoopGroup, link: NIOLoopBound<QUICLink>, gateways: [NIOLoopBound<Gateway>],
    listeners: [GatewayListener], modules: ModuleCaches?, admin: TCPListener?, tracing: Tracing?, log: EventLog, life: ProcessLife
  ) {
    self.options = options
    self.loops = loops
    self.link = link
    self.gateways = gateways
    self.listeners = listeners
    self.modules = modules
    listenerAddresses = listeners.map(\.listener.localAddress)
    self.admin = admin
    self.tracing = tracing
    adminAddress = admin?.localAddress
    self.log = log
    self.life = life
  }
}
