import Events
import Exchange
import Gateway
import HTTP3
import ModuleProxy
import NIOCore
import Observability
import QUICTransport
import Wires

/// A core's part on one event loop: an endpoint on its socket, the connections of edges that came to it, and a gateway with
/// pools of its own. A request stays on the loop of its connection from the edge to the origin.
final class CoreLoop: ConnectionHost {
  private let loop: LoopContext
  private let options: CoreOptions
  private let gateway: Gateway
  /// The edges that can be called, and the gateway that calls them for clients in the cloud.
  let edges: EdgeRegistry
  let edgeGateway: Gateway
  private let pools: OriginPools
  /// What stands before the pools of some services.
  private let caches = HandlersByService()
  private let tracing: Tracing?
  private var tls: TLSContext
  private let sharedFlights: RedisFlightStore?
  private var driver: EndpointDriver!
  private let streamWait: CoarseTimer
  private var siblings: [NIOLoopBound<CoreLoop>] = []
  private var nextNumber: UInt64
  private var isDraining = false
  private var edgesAreDraining = false
  /// Connections on which a request may still be under way that left before GOAWAY arrived.
  private var drainingCount = 0

  /// - Parameters:
  ///   - tunnels: of all loops.
  ///   - originHealth: as all loops have found it.
  ///   - recordBeganAt: since when the process knows what early data it has taken, see `StoreMemory`.
  init(
    loop: LoopContext, socket: BoundSocket, options: CoreOptions, tls: TLSContext, originTLS: OriginTLSContexts,
    tunnels: TunnelCounts, originHealth: HealthOfServices, recordBeganAt: Int64?, tracing: Tracing?
  ) {
    self.loop = loop
    self.options = options
    self.tracing = tracing
    self.tls = tls
    nextNumber = UInt64(loop.index) + 1
    sharedFlights = options.earlyData?.redis.map {
      RedisFlightStore($0, recordBeganAt: recordBeganAt, eventLoop: loop.eventLoop, events: loop.events)
    }
    let hop = options.hop
    let pools = OriginPools(
      loop: loop, hop: hop.name, limits: options.limits, tls: originTLS, tunnels: tunnels, health: originHealth,
      runsChecks: loop.index == 0)
    self.pools = pools
    gateway = Gateway(
      hop: hop, policy: options.policy, destinations: .origins { [caches] in caches.handler(for: $0) ?? pools.pool(for: $0) },
      targets: { pools.tunnels(to: $0) }, events: loop.events, now: { .now() })
    let waits = CoarseTimer(eventLoop: loop.eventLoop, limit: TimeAmount(options.edgeWait))
    edges = EdgeRegistry(
      rules: options.policy.edgeRules, events: loop.events,
      timing: EdgeRegistry.Timing(now: { .now() }, limit: options.edgeWait) { action in
        let wait = waits.begin(action)
        return { wait.end() }
      }, mayBeRepeated: options.mayBeRepeated)
    edgeGateway = Gateway(
      hop: Hop(role: .core, direction: .coreToEdge, name: hop.name), policy: options.policy, destinations: .edges(edges),
      events: loop.events, now: { .now() })
    streamWait = CoarseTimer(eventLoop: loop.eventLoop, limit: options.limits.linkWait)
    driver = EndpointDriver(
      socket: UDPSocket(socket, usesSegmentation: options.usesSegmentation),
      configuration: options.endpointConfiguration(loopIndex: loop.index), loop: loop, followsAddresses: false, host: self)
    pools.prepare(options.policy.routing.services)
    loop.metrics.gauges = { [unowned self] in
      LoopGauges(
        openExchanges: openExchangeCount,
        connections: driver.endpoint.connections.map { ObservedConnection(figures: $0.figures) })
    }
    loop.metrics.admit(services: options.policy.serviceNames)
    edges.onReplaced = { [unowned self] in reversedEdge($0)?.drain() }
    edges.onDoubted = { [unowned self] in reversedEdge($0)?.doubt() }
  }

  func start(siblings: [NIOLoopBound<CoreLoop>]) -> EventLoopFuture<Void> {
    self.siblings = siblings
    sharedFlights?.start()
    return driver.start()
  }

  /// Lets caches answer for some services.
  func use(_ handlers: HandlersByService) {
    for service in gateway.policy.routing.services { caches[service.name] = handlers[service.name] }
  }

  /// Where the module cache of a service gets what it has not.
  func moduleSources(of service: String, _ options: ModuleOptions) -> ModuleSources {
    OriginSources(
      options, eventLoop: loop.eventLoop,
      find: { [unowned self] name in gateway.policy.routing.services.first { $0.name == name } },
      pool: { [unowned self] in pools.pool(for: $0) }
    ).sources(of: service)
  }

  var connectionCount: Int { driver.endpoint.connectionCount }

  var openExchangeCount: Int {
    driver.endpoint.connections.reduce(0) { $0 + (edge(of: $1)?.openExchangeCount ?? 0) }
  }

  /// New connections get the new certificate and authorities, new requests the new policy; what is open keeps the old ones.
  func reload(tls: TLSContext, policy: Policy, originTLS: OriginTLSContexts) {
    self.tls = tls
    gateway.policy = policy
    edgeGateway.policy = policy
    edges.rules = policy.edgeRules
    edges.list()
    pools.reload(services: policy.routing.services, tls: originTLS)
    loop.metrics.admit(services: policy.serviceNames)
  }

  /// Takes no new connections, and no new requests of edges: it says GOAWAY on connections that carry those.
  func drain() {
    isDraining = true
    driver.endpoint.acceptsConnections = false
    for connection in driver.endpoint.connections { drain(connection) }
  }

  /// Nobody in the cloud asks the edges for anything more: it says GOAWAY on reversed connections, too.
  func drainEdges() {
    edgesAreDraining = true
    for connection in driver.endpoint.connections {
      if case .reversed(let edge)? = edge(of: connection)?.service { edge.drain() }
    }
  }

  /// Whether everything that began before the drain is over.
  var isDrained: Bool { openExchangeCount == 0 && drainingCount == 0 }

  /// Closes all connections, whatever is open on them.
  func close(reason: String) {
    driver.endpoint.closeAll(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: reason)
  }

  func stop() {
    sharedFlights?.stop()
    driver.stop()
  }

  // MARK: ConnectionHost

  func accept(_ incoming: IncomingConnection) -> ServerSetup? {
    ServerSetup(
      tls: tls, connection: options.connection,
      applications: [
        ApplicationProtocol(name: Array("h3".utf8)) { [unowned self] in makeWire(for: $0).application },
        ApplicationProtocol(name: ReversedServerWire.protocolName) { [unowned self] in makeReversedEdge(for: $0).application },
      ],
      unixTime: WallTime.now().seconds, trace: tracing?.sink)
  }

  func serve(_ connection: Connection) {
    while let event = connection.nextEvent() { handle(event, on: connection) }
    switch edge(of: connection)?.service {
    case .forward(let wire): wire.processEvents()
    case .reversed(let edge): edge.serve()
    case nil: break
    }
  }

  func served(_ connection: Connection) {
    switch edge(of: connection)?.service {
    case .forward(let wire):
      wire.processEvents()
      connection.setKeepAlive(wire.busyExchangeCount > 0 ? Self.busyKeepAlive : nil)
    case .reversed(let edge): edge.served()
    case nil: break
    }
  }

  /// An edge with open requests is heard each second, so this leaves only when it is not. An edge whose congestion window is full
  /// can send nothing after a black-out until its probe timer says so; when it hears us it goes on at once.
  private static let busyKeepAlive = Duration.seconds(3)

  func forward(_ datagram: ForwardedDatagram, toLoop index: Int) {
    guard index < siblings.count else { return }
    let sibling = siblings[index]
    sibling.eventLoop.execute { sibling.value.driver.receiveForwarded(datagram) }
  }

  // MARK: Connections

  private func makeWire(for connection: Connection) -> HTTP3ServerWire {
    let edge = connectionRecord(of: connection)
    let wire = HTTP3ServerWire(handler: gateway, hop: options.hop.name, events: loop.events, configuration: options.http3)
    edge.service = .forward(wire)
    return wire
  }

  private func makeReversedEdge(for connection: Connection) -> ReversedEdge {
    let record = connectionRecord(of: connection)
    let edge = ReversedEdge(
      connection, loop: loop, options: options, name: { [unowned record] in record.name }, streamWait: streamWait,
      hasRoom: { [unowned self] in edges.hasRoom(for: $0, instance: $1) }, publish: { [unowned self] in publish($0) })
    record.service = .reversed(edge)
    return edge
  }

  /// Tells the registries of all loops, this one's at once.
  private func publish(_ news: EdgeNews) {
    for sibling in siblings {
      guard sibling.eventLoop !== loop.eventLoop else {
        news.tell(edges, on: loop)
        continue
      }
      sibling.eventLoop.execute { news.tell(sibling.value.edges, on: sibling.value.loop) }
    }
  }

  private func reversedEdge(_ id: EdgeConnectionID) -> ReversedEdge? {
    for connection in driver.endpoint.connections {
      if case .reversed(let edge)? = self.edge(of: connection)?.service, edge.id == id { return edge }
    }
    return nil
  }

  private func handle(_ event: ConnectionEvent, on connection: Connection) {
    let record = connectionRecord(of: connection)
    switch event {
    case .handshakeCompleted(let identity, let isResumed):
      loop.events.record(
        .handshakeCompleted(record.name, identity: identity, duration: record.age, isResumed: isResumed))
      switch record.service {
      case .forward(let wire): wire.authorize(origin(of: record, identity))
      case .reversed(let edge): edge.proved(identity: identity, isConfirmed: true)
      case nil: break
      }
      if isDraining { drain(connection) }
    case .earlyDataTaken(let identity, let flight):
      // Until it has answered the requests wait inside their streams' windows; without it they wait for the handshake, which a copy
      // never completes.
      guard let sharedFlights else {
        takeEarlyData(of: record, identity)
        break
      }
      sharedFlights.admit(flight) { [unowned self] verdict in
        switch verdict {
        case .new: takeEarlyData(of: record, identity)
        case .seen: loop.events.record(.earlyData(record.name, .replayed))
        case .slow: loop.events.record(.earlyData(record.name, .storeSlow))
        case .unavailable: loop.events.record(.earlyData(record.name, .storeUnavailable))
        }
      }
    case .earlyDataRefused(let refusal):
      loop.events.record(.earlyData(record.name, EarlyDataOutcome(refusal)))
    case .handshakeConfirmed, .sessionTicket, .earlyDataAnswered, .challenged:
      break
    case .migrated(let path):
      loop.events.record(.connectionMigrated(record.name, from: record.name.peer))
      record.name = ConnectionName(number: record.name.number, peer: path.remote.description)
      if case .reversed(let edge) = record.service { edge.migrated(to: record.name.peer) }
    case .closed(let closure):
      closed(record, connection, closure)
    }
  }

  /// The first flight of a resumed session is no copy of an earlier one.
  private func takeEarlyData(of record: EdgeConnection, _ identity: String?) {
    loop.events.record(.earlyData(record.name, .accepted))
    switch record.service {
    case .forward(let wire): wire.authorizeEarly(origin(of: record, identity))
    case .reversed(let edge): edge.proved(identity: identity, isConfirmed: false)
    case nil: break
    }
  }

  private func origin(of record: EdgeConnection, _ identity: String?) -> RequestOrigin {
    RequestOrigin(wire: .http3, identity: identity, peerAddress: record.name.peer, listener: options.listenerName, isSecure: true)
  }

  private func closed(_ record: EdgeConnection, _ connection: Connection, _ closure: ConnectionClosure) {
    loop.metrics.retire(connection.figures)
    switch closure.cause {
    case .handshake(let failure): loop.events.record(.handshakeFailed(record.name, failure, reason: closure.reason))
    case .end(let end): loop.events.record(.connectionClosed(record.name, end, reason: closure.reason))
    }
    switch record.service {
    case .forward(let wire): wire.connectionClosed()
    case .reversed(let edge): edge.closed(closure)
    case nil: break
    }
    record.service = nil
    connection.owner = nil
  }

  private func drain(_ connection: Connection) {
    switch edge(of: connection)?.service {
    case .forward(let wire):
      drainingCount += 1
      wire.drain(within: connection.figures.smoothedRoundTrip, on: loop.eventLoop) { [unowned self] in drainingCount -= 1 }
    case .reversed(let edge): if edgesAreDraining { edge.drain() }
    case nil: break
    }
  }

  private func edge(of connection: Connection) -> EdgeConnection? {
    connection.owner as? EdgeConnection
  }

  private func connectionRecord(of connection: Connection) -> EdgeConnection {
    if let record = connection.owner as? EdgeConnection { return record }
    let record = EdgeConnection(name: ConnectionName(number: nextNumber, peer: connection.path.remote.description))
    // Loops count in strides, so that numbers are unique without being shared.
    nextNumber += UInt64(options.process.loopCount)
    connection.owner = record
    loop.events.record(.connectionAccepted(record.name))
    return record
  }
}

extension EarlyDataOutcome {
  fileprivate init(_ refusal: EarlyDataRefusal) {
    self =
      switch refusal {
      case .seen: .replayed
      case .unrecorded: .recordFull
      case .untimely: .untimely
      }
  }
}
