import Events
import Exchange
import HTTP3
import HTTPMessage
import NIOCore
import Observability
import QUICTransport
import Wires

/// An edge's link over QUIC: one socket, a `CoreLink` to each core of the configuration, and the requests that wait for one.
///
/// Lives on one loop. Requests that come while no core answers wait for one, up to a limit.
final class QUICLink: Link, ConnectionHost {
  /// What the next connection shows and trusts.
  private(set) var tls: TLSContext
  private let loop: LoopContext
  private let options: EdgeOptions
  private let life: ProcessLife
  private var driver: EndpointDriver!
  private var cores: [CoreLink] = []
  /// The connections by which the cores send requests.
  private(set) var reversed: ReversedLink!
  private var choice: LinkChoice
  private var waiting: [LinkExchange] = []
  private let waitTimer: CoarseTimer
  private var connectionCount: UInt64 = 0
  private var isDraining = false

  init(
    loop: LoopContext, socket: BoundSocket, options: EdgeOptions, tls: TLSContext, originTLS: OriginTLSContexts, life: ProcessLife,
    tracing: Tracing?
  ) {
    self.loop = loop
    self.options = options
    self.tls = tls
    self.life = life
    choice = LinkChoice(options.preference)
    waitTimer = CoarseTimer(eventLoop: loop.eventLoop, limit: options.limits.linkWait)
    driver = EndpointDriver(
      socket: UDPSocket(socket, usesSegmentation: options.usesSegmentation),
      configuration: options.endpointConfiguration(loopIndex: loop.index), loop: loop, followsAddresses: true, host: self)
    cores = options.cores.map { CoreLink($0, loop: loop, options: options, driver: driver, tracing: tracing, link: self) }
    reversed = ReversedLink(
      options.exposure, loop: loop, options: options, originTLS: originTLS, driver: driver, tracing: tracing, link: self)
    loop.metrics.gauges = { [unowned self] in
      LoopGauges(openExchanges: openExchangeCount, connections: driver.endpoint.connections.map(observe))
    }
  }

  private func observe(_ connection: Connection) -> ObservedConnection {
    guard let title = (connection.owner as? ServedConnection)?.title else { return ObservedConnection(figures: connection.figures) }
    return ObservedConnection(name: title, figures: connection.figures)
  }

  /// Reads from the socket and dials.
  func start() -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    return driver.start().map {
      for core in bound.value.cores { core.start() }
      bound.value.reversed.start()
    }
  }

  var state: LinkState {
    if isDraining { return .draining }
    return cores.contains { $0.isConfirmed } ? .confirmed : .connecting
  }

  var openExchangeCount: Int { cores.reduce(waiting.count) { $0 + $1.openExchangeCount } }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = LinkExchange(request, mayBeRepeated: options.mayBeRepeated(request.head), link: self, respondingTo: sink)
    place(exchange)
    return exchange
  }

  /// Sends an exchange over a link that works, or lets it wait for one.
  func place(_ exchange: LinkExchange) {
    if let index = choice.choose(among: cores.count, isUsable: { cores[$0].isUsable }), let connection = cores[index].current {
      return exchange.begin(on: connection)
    }
    guard waiting.count < options.limits.waitingRequests, !isDraining else {
      return exchange.fail(unavailable(isDraining ? "this edge is shutting down" : "too many requests wait for it"))
    }
    for core in cores { core.wanted() }
    limitWait(of: exchange)
    if let early = cores.lazy.compactMap(\.early).first, exchange.ride(on: early) { return }
    waiting.append(exchange)
  }

  /// Begins the wait for a link unless it runs already: one limit for all connections that the exchange is tried on, for a core may
  /// refuse each of them after a while.
  func limitWait(of exchange: LinkExchange) {
    guard exchange.wait?.isOver ?? true else { return }
    exchange.wait = waitTimer.begin { [unowned self, unowned exchange] in
      forget(exchange)
      exchange.waitPassed(unavailable("waited \(options.limits.linkWait.text)"))
    }
  }

  /// An attempt can carry requests that may be processed twice before its core has answered.
  func becameEarly(_ attempt: ForwardConnection) {
    guard !waiting.isEmpty else { return }
    let left = waiting.filter { !$0.ride(on: attempt) }
    waiting = left
  }

  /// The exchange waits no more.
  func forget(_ exchange: LinkExchange) { waiting.removeAll { $0 === exchange } }

  /// Whether requests wait for a link, those that have left with an attempt included.
  var isWanted: Bool { !waiting.isEmpty || cores.contains(where: \.carriesEarlyRequests) }

  /// Bounds how long requests may wait for a stream of a connection.
  func boundWaits(on wire: HTTP3ClientWire) { wire.boundWaits(by: waitTimer, limit: options.limits.linkWait) }

  /// Requests that had been sent were sent again, on another connection.
  func repeated(_ count: Int) {
    if count > 0 { loop.events.record(.requestsRepeated(count: count)) }
  }

  /// The next connection uses this certificate and these authorities.
  func reload(tls: TLSContext) { self.tls = tls }

  /// No new exchanges; those that are open are finished.
  func drain() {
    isDraining = true
    for core in cores { core.drain() }
    let left = waiting
    waiting.removeAll()
    for exchange in left { exchange.fail(unavailable("this edge is shutting down")) }
  }

  func close(reason: String) { driver.endpoint.closeAll(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: reason) }

  func stop() { driver.stop() }

  // MARK: What cores tell

  func nextConnectionNumber() -> UInt64 {
    connectionCount += 1
    return connectionCount
  }

  /// A core has a connection that answers: whoever waits goes there.
  func becameUsable() {
    let ready = waiting
    waiting.removeAll()
    for core in cores { core.unwanted() }
    for exchange in ready { place(exchange) }
    for core in cores { core.becameUsable() }
  }

  var hasUsableCore: Bool { cores.contains { $0.isUsable } }

  /// What a NAT has done to one connection it has done to all: they share the socket.
  func addressSeemsChanged(seenBy connection: AnyObject) {
    for core in cores { core.ask(except: connection) }
    reversed.ask(except: connection)
  }

  func becameConfirmed() { life.becameReady() }

  func hasTrouble() {
    guard !cores.contains(where: \.isConfirmed) else { return }
    life.becameUnready(cores.map { "no link to \($0.name): \($0.lastTrouble)" }.joined(separator: "; "))
  }

  // MARK: ConnectionHost

  func accept(_ incoming: IncomingConnection) -> ServerSetup? { nil }

  func forward(_ datagram: ForwardedDatagram, toLoop index: Int) {}

  func serve(_ connection: Connection) { (connection.owner as? ServedConnection)?.serve(connection) }

  func served(_ connection: Connection) { (connection.owner as? ServedConnection)?.served(connection) }

  private func unavailable(_ reason: String) -> GatewayError {
    let troubles = cores.map { "no link to the core \($0.name): \(reason); \($0.lastTrouble)" }
    return GatewayError(.destinationUnavailable, side: .core, retry: .safe, message: troubles.joined(separator: "; "))
  }
}
