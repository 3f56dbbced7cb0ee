import Events
import Exchange
import Gateway
import HTTP3
import NIOCore
import Observability
import QUICTransport
import Wires

/// An edge's link to its core over QUIC: dials, serves the connection that was confirmed, dials again when it is lost.
///
/// Lives on one loop. Requests that come while there is no confirmed connection wait for one, up to a limit.
final class QUICLink: Link, ConnectionHost {
  private let loop: LoopContext
  private let options: EdgeOptions
  private let life: ProcessLife
  private let resolver = Resolver()
  private let tracing: Tracing?
  private var tls: TLSContext
  private var driver: EndpointDriver!
  private var dialing: LinkDialing
  private var connections: [LinkDialing.Attempt: Connection] = [:]
  private var current: DialledConnection?
  private var waiting: [WaitingExchange] = []
  private let waitTimer: CoarseTimer
  private var dialTimer: Scheduled<Void>?
  private var isDraining = false
  private var lastTrouble = "the first handshake is under way"

  init(loop: LoopContext, socket: BoundSocket, options: EdgeOptions, tls: TLSContext, life: ProcessLife, tracing: Tracing?) {
    self.loop = loop
    self.options = options
    self.tls = tls
    self.tracing = tracing
    self.life = life
    dialing = LinkDialing(pace: options.dialing)
    waitTimer = CoarseTimer(eventLoop: loop.eventLoop, limit: options.limits.linkWait)
    driver = EndpointDriver(
      socket: UDPSocket(socket, usesSegmentation: options.usesSegmentation), configuration: options.endpointConfiguration(loopIndex: loop.index), loop: loop, usesDestinations: false, host: self)
    loop.metrics.gauges = { [unowned self] in
      LoopGauges(
        openExchanges: openExchangeCount,
        connections: driver.endpoint.connections.map { ObservedConnection(name: "forward", figures: $0.figures) })
    }
  }

  /// Reads from the socket and dials.
  func start() -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    return driver.start().map { bound.value.dialFirst() }
  }

  private func dialFirst() { run(dialing.started()) }

  var state: LinkState {
    if isDraining { return .draining }
    return current == nil ? .connecting : .confirmed
  }

  var openExchangeCount: Int { (current?.wire.openExchangeCount ?? 0) + waiting.count }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    if let current { return open(request, on: current.wire, respondingTo: sink) }
    let exchange = WaitingExchange(request, respondingTo: sink)
    waiting.removeAll { !$0.isWaiting }
    guard waiting.count < options.limits.waitingRequests, !isDraining else {
      exchange.fail(unavailable(isDraining ? "this edge is shutting down" : "too many requests wait for it"))
      return exchange
    }
    waiting.append(exchange)
    exchange.wait = waitTimer.begin { [unowned self, unowned exchange] in
      waiting.removeAll { $0 === exchange }
      exchange.fail(unavailable("waited \(options.limits.linkWait.text)"))
    }
    return exchange
  }

  private func open(_ request: ExchangeRequest, on wire: HTTP3ClientWire, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = wire.open(request, respondingTo: sink)
    var wait: LimitedWait?
    if wire.isWaiting(exchange, onEnd: { wait?.end() }) {
      wait = waitTimer.begin { [limit = options.limits.linkWait.text] in wire.giveUp(exchange, after: limit) }
    }
    return exchange
  }

  /// The next connection uses this certificate and these authorities.
  func reload(tls: TLSContext) { self.tls = tls }

  /// No new exchanges; those that are open are finished.
  func drain() {
    isDraining = true
    run(dialing.stopped())
    current?.wire.drain()
    for exchange in waiting { exchange.fail(unavailable("this edge is shutting down")) }
    waiting.removeAll()
  }

  func close(reason: String) { driver.endpoint.closeAll(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: reason) }

  func stop() { driver.stop() }

  // MARK: ConnectionHost

  func accept(_ incoming: IncomingConnection) -> ServerSetup? { nil }

  func forward(_ datagram: ForwardedDatagram, toLoop index: Int) {}

  func serve(_ connection: Connection) {
    guard let dialled = connection.owner as? DialledConnection else { return }
    while let event = connection.nextEvent() { handle(event, on: connection, dialled) }
    dialled.wire.processEvents()
  }

  func served(_ connection: Connection) {
    guard let dialled = connection.owner as? DialledConnection else { return }
    dialled.wire.processEvents()
    guard dialled === current, dialled.wire.isDraining, !isDraining else { return }
    // The core said GOAWAY: open exchanges go on here, new ones need another connection.
    report(.draining, "the core is shutting down")
    run(dialing.ended(dialled.attempt, jitter: jitter))
  }

  // MARK: Dialling

  private func run(_ actions: [LinkDialing.Action]) {
    for action in actions {
      switch action {
      case .resolve: resolve()
      case .dial(let attempt, let address): dial(attempt, address)
      case .abandon(let attempt): connections[attempt]?.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "another address was faster")
      case .wait(let delay): wait(delay)
      case .cancelTimer: dialTimer?.cancel()
      case .use(let attempt): use(attempt)
      case .lose: current = nil
      }
    }
  }

  private func resolve() {
    let core = options.core
    let isIPv6 = driver.socket.localAddress.isIPv6
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    let promise = loop.eventLoop.makePromise(of: [Address].self)
    promise.completeWithTask { [resolver] in try await resolver.addresses(of: core, forIPv6Socket: isIPv6) }
    promise.futureResult.whenComplete { result in
      let link = bound.value
      switch result {
      case .success(let addresses): link.run(link.dialing.resolved(addresses, jitter: link.jitter))
      case .failure(let error):
        link.report(.connecting, "\(error)")
        link.run(link.dialing.resolved([], jitter: link.jitter))
      }
    }
  }

  private func dial(_ attempt: LinkDialing.Attempt, _ address: Address) {
    let wire = HTTP3ClientWire(peer: .core, configuration: options.http3)
    let setup = ClientSetup(
      tls: tls, connection: options.connection, applications: [ApplicationProtocol(name: Array("h3".utf8)) { _ in wire.application }],
      serverName: options.serverName, trace: tracing?.sink)
    do {
      let connection = try driver.endpoint.connect(
        setup, path: NetworkPath(local: driver.socket.localAddress, remote: address), now: driver.now)
      connection.owner = DialledConnection(
        attempt: attempt, wire: wire, name: ConnectionName(number: attempt.number, peer: address.description))
      connections[attempt] = connection
    } catch {
      report(.connecting, "\(error)")
      run(dialing.ended(attempt, jitter: jitter))
    }
  }

  private func wait(_ delay: Duration) {
    dialTimer?.cancel()
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    dialTimer = loop.eventLoop.scheduleTask(in: TimeAmount(delay)) { bound.value.run(bound.value.dialing.timerFired()) }
  }

  private func use(_ attempt: LinkDialing.Attempt) {
    guard let connection = connections[attempt], let dialled = connection.owner as? DialledConnection else { return }
    current = dialled
    life.becameReady()
    loop.events.record(.linkChanged(.confirmed, core: "\(options.core)", reason: "\(dialled.name.peer)"))
    let ready = waiting
    waiting.removeAll()
    for exchange in ready { exchange.resume(on: self) }
  }

  private func handle(_ event: ConnectionEvent, on connection: Connection, _ dialled: DialledConnection) {
    switch event {
    case .handshakeCompleted(let identity, let isResumed):
      loop.events.record(
        .handshakeCompleted(dialled.name, identity: identity, duration: dialled.age, isResumed: isResumed))
    case .handshakeConfirmed:
      dialled.isConfirmed = true
      run(dialing.confirmed(dialled.attempt))
    case .migrated(let path):
      loop.events.record(.connectionMigrated(dialled.name, from: path.description))
    case .sessionTicket:
      break
    case .closed(let closure):
      closed(connection, dialled, closure)
    }
  }

  private func closed(_ connection: Connection, _ dialled: DialledConnection, _ closure: ConnectionClosure) {
    loop.metrics.retire(connection.figures)
    connections[dialled.attempt] = nil
    connection.owner = nil
    let wasCurrent = current === dialled
    switch closure.cause {
    case .handshake(let failure):
      loop.events.record(.handshakeFailed(dialled.name, failure, reason: closure.reason))
      if !isDraining { report(failure == .timedOut ? .connecting : .refused, closure.reason) }
    case .end(let end):
      loop.events.record(.connectionClosed(dialled.name, end, reason: closure.reason))
      if wasCurrent, !isDraining { report(.lost, closure.reason) }
    }
    run(dialing.ended(dialled.attempt, jitter: jitter))
    dialled.wire.connectionClosed(
      GatewayError(.connectionTerminated, side: .core, message: "the link to \(options.core) was lost: \(closure.reason)"))
  }

  private func report(_ phase: LinkPhase, _ reason: String) {
    lastTrouble = reason
    life.becameUnready("no link to \(options.core): \(reason)")
    loop.events.record(.linkChanged(phase, core: "\(options.core)", reason: reason))
  }

  private func unavailable(_ reason: String) -> GatewayError {
    GatewayError(
      .destinationUnavailable, side: .core, retry: .safe, message: "no link to the core \(options.core): \(reason); \(lastTrouble)")
  }

  /// Between 0 and 1, for `LinkDialing`.
  private var jitter: Double { .random(in: 0..<1) }
}

/// What a link keeps with a connection.
private final class DialledConnection {
  let attempt: LinkDialing.Attempt
  let wire: HTTP3ClientWire
  let name: ConnectionName
  var isConfirmed = false
  private let began = NIODeadline.now()

  init(attempt: LinkDialing.Attempt, wire: HTTP3ClientWire, name: ConnectionName) {
    self.attempt = attempt
    self.wire = wire
    self.name = name
  }

  var age: Duration { .nanoseconds((NIODeadline.now() - began).nanoseconds) }
}
