public import Events
public import Gateway
public import NIOCore
public import QUICTransport
import HTTPMessage
import ModuleProxy
import Observability
import Synchronization

/// A running core: its loops, its UDP sockets, and its life from listening to drained.
public final class CoreRuntime: Sendable {
  /// The UDP address that edges reach it at.
  public let localAddress: Address
  /// Where clients in the cloud connect to, in the order of the options that it was started with.
  public let listenerAddresses: [SocketAddress]
  /// Where the admin pages are; nil when there are none.
  public let adminAddress: SocketAddress?

  private let options: CoreOptions
  private let loops: LoopGroup
  let cores: [NIOLoopBound<CoreLoop>]
  private let listeners: CoreListeners
  private let modules: ModuleCaches?
  private let admin: TCPListener?
  private let tracing: Tracing?
  private let log: EventLog
  private let life: ProcessLife
  private let protection: EarlyDataProtection?
  private let draining = Drain()

  /// Binds, begins to listen, and says so in the log.
  /// - Throws: `TLSContextError`, or an `IOError` when an address cannot be bound.
  public static func start(_ given: CoreOptions) async throws -> CoreRuntime {
    let process = given.process
    let log = EventLog(role: .core, settings: process.log)
    var kept = given
    if let file = given.secretFile { kept.secret = ResetSecret.load(file, otherwise: given.secret) { log.record($0) } }
    let options = kept
    let protection = try options.earlyData.map { options throws(TLSContextError) in
      try EarlyDataProtection(options) { log.record($0) }
    }
    let tls = try TLSContext(options.tls.taking(protection), unixTime: WallTime.now().seconds)
    let originTLS = try OriginTLSContexts(services: options.policy.routing.services, followsRedirects: options.followsRedirects)
    let loops = try await LoopGroup.start(count: process.loopCount, log: log, settings: process.log)
    let tracing = Tracing.start(in: process.qlog) { loops.record($0) }
    do {
      let sockets = try openSockets(options)
      let tunnels = TunnelCounts(options.limits.tunnels)
      let originHealth = HealthOfServices()
      let cores = try await loops.onEach { loop in
        CoreLoop(
          loop: loop, socket: sockets[loop.index], options: options, tls: tls, originTLS: originTLS, tunnels: tunnels,
          originHealth: originHealth, recordBeganAt: protection?.recordBeganAt, tracing: tracing)
      }
      var modules: ModuleCaches?
      if let caching = options.modules {
        let server = ModuleServer(hop: options.hop.name, identity: nil, node: caching.node, version: process.version)
        let caches = try await ModuleCaches.start(caching, server: server, loops: loops) {
          cores[0].value.moduleSources(of: $0, caching)
        }
        modules = caches
        for (index, core) in cores.enumerated() {
          try await core.eventLoop.submit { core.value.use(caches.handlers(loop: index).value) }.get()
        }
      }
      for core in cores {
        try await core.eventLoop.flatSubmit { core.value.start(siblings: cores) }.get()
      }
      if sockets.count > 1, options.isSteered { steer(sockets, loops: loops) }
      let gateways = try await loops.onEach { loop in cores[loop.index].value.edgeGateway }
      let listeners = try await CoreListeners.bind(options.listeners, gateways: gateways, options: options, loops: loops)
      let addresses = await listeners.addresses
      let life = ProcessLife(certificates: [CertificateExpiry(tls)], onChange: options.process.onReadinessChange)
      loops.watch { life.certificates }
      life.becameReady()
      var admin: TCPListener?
      if let address = process.admin {
        admin = try await AdminListener.bind(
          to: address, loops: loops, hop: options.hop.name, readiness: { life.readiness }, process: { life.facts(of: process) })
      }
      log.record(
        .started(
          role: .core, listeners: ["udp \(sockets[0].localAddress)"] + addresses.map { "tcp \($0.text)" },
          link: describe(options.policy.routing.services), identity: tls.certificate.names.first,
          instance: Hexadecimal.text(process.instance)))
      return CoreRuntime(
        options: options, localAddress: sockets[0].localAddress, loops: loops, cores: cores, listeners: listeners,
        listenerAddresses: addresses, modules: modules, admin: admin, tracing: tracing, log: log, life: life,
        protection: protection)
    } catch {
      try await tracing?.finish()
      try await loops.shutDown()
      throw error
    }
  }

  /// Swaps certificate, key, CA, services and access rules for new connections and requests, opens listeners that are new and
  /// closes those that are not there any more.
  /// - Throws: `TLSContextError`, what origins' authorities are wrong by, or `ListenError` when the address of a new listener
  ///   cannot be bound; then nothing has changed.
  public func reload(tls: TLSConfiguration, policy: Policy, listeners wanted: [CoreOptions.Listener] = []) async throws {
    let context = try TLSContext(tls.taking(protection), unixTime: WallTime.now().seconds)
    let originTLS = try OriginTLSContexts(services: policy.routing.services, followsRedirects: options.followsRedirects)
    try await listeners.add(wanted)
    for core in cores {
      try await core.eventLoop.submit { core.value.reload(tls: context, policy: policy, originTLS: originTLS) }.get()
    }
    try await listeners.settle(on: wanted)
    life.renewed(certificates: [CertificateExpiry(context)])
  }

  /// The edges that can be called now, each with what is known of it: for whoever shows a list.
  public func connectedEdges() async throws -> [EdgeFacts] {
    var edges: [EdgeFacts] = []
    for core in cores { edges += try await core.eventLoop.submit { core.value.edges.edges }.get() }
    return edges.sorted { ($0.identity, $0.connection.number) < ($1.identity, $1.connection.number) }
  }

  /// Takes an event of the process as a whole: logged and counted like those of its loops.
  public func record(_ event: Event) {
    loops.record(event)
  }

  /// Readiness off, GOAWAY on every connection, open exchanges finish or are cut at the deadline, everything closes. Edges take
  /// requests until those of the listeners are over. In a task that is cancelled the deadline is now, and connections are closed
  /// all the same. Whoever asks for it again waits for the same.
  public func drain() async throws { try await draining.run { try await self.end() } }

  private func end() async throws {
    life.drainBegan()
    log.record(.drainBegan(deadline: options.process.drainTimeout))
    await listeners.drain()
    for core in cores { core.eventLoop.execute { core.value.drain() } }
    let deadline = ContinuousClock.now + options.process.drainTimeout
    try await wait(atMost: options.process.drainTimeout) { try await self.listeners.openExchangeCount() == 0 }
    for core in cores { core.eventLoop.execute { core.value.drainEdges() } }
    try await wait(atMost: max(.zero, deadline - .now)) { try await self.isDrained() }
    log.record(.drainEnded(abandonedExchanges: try await openExchangeCount()))
    await listeners.abort()
    for core in cores { try await core.eventLoop.submit { core.value.close(reason: "shutting down") }.get() }
    // CONNECTION_CLOSE leaves at the end of the loop's turn, so before this.
    for core in cores { try await core.eventLoop.submit { core.value.stop() }.get() }
    protection?.close()
    try await modules?.stop()
    await admin?.drain()
    try await tracing?.finish()
    try await loops.shutDown()
  }

  /// `modules (http://127.0.0.1:3000), echo (h2c://10.0.0.1:50051)`
  private static func describe(_ services: [Service]) -> String {
    guard !services.isEmpty else { return "no service" }
    return services.map { "\($0.name) (\($0.origins.map(\.description).joined(separator: ", ")))" }.joined(separator: ", ")
  }

  /// Connections on all loops, those that are closing included.
  func connectionCount() async throws -> Int {
    var count = 0
    for core in cores { count += try await core.eventLoop.submit { core.value.connectionCount }.get() }
    return count
  }

  private func isDrained() async throws -> Bool {
    for core in cores where try await core.eventLoop.submit({ core.value.isDrained }).get() == false { return false }
    return try await listeners.openExchangeCount() == 0
  }

  private func openExchangeCount() async throws -> Int {
    var count = try await listeners.openExchangeCount()
    for core in cores { count += try await core.eventLoop.submit { core.value.openExchangeCount }.get() }
    return count
  }

  /// One socket a loop on the same port; a port that the system chose for the first is used for all.
  private static func openSockets(_ options: CoreOptions) throws -> [BoundSocket] {
    var sockets: [BoundSocket] = []
    var address = options.listen
    // Sockets that share a port share it with another core's too, which would get half of the edges; one that does not tells.
    try BoundSocket(bindingTo: address, reusesPort: false).close()
    for _ in 0..<options.process.loopCount {
      let socket = try BoundSocket(bindingTo: address, reusesPort: options.process.loopCount > 1)
      sockets.append(socket)
      address.port = socket.localAddress.port
    }
    return sockets
  }

  /// Without the kernel's help datagrams reach any loop and are handed over.
  private static func steer(_ sockets: [BoundSocket], loops: LoopGroup) {
    do {
      try sockets[0].attachSteering(socketCount: sockets.count)
    } catch {
      loops.record(.offloadDisabled(.steering, reason: "\(error)"))
    }
  }

  private init(
    options: CoreOptions, localAddress: Address, loops: LoopGroup, cores: [NIOLoopBound<CoreLoop>], listeners: CoreListeners,
    listenerAddresses: [SocketAddress], modules: ModuleCaches?, admin: TCPListener?, tracing: Tracing?, log: EventLog,
    life: ProcessLife, protection: EarlyDataProtection?
  ) {
    self.options = options
    self.localAddress = localAddress
    self.loops = loops
    self.cores = cores
    self.listeners = listeners
    self.listenerAddresses = listenerAddresses
    self.modules = modules
    self.admin = admin
    self.tracing = tracing
    adminAddress = admin?.localAddress
    self.log = log
    self.life = life
    self.protection = protection
  }
}
