import Events
import HTTP3
import NIOCore
import Observability
import QUICTransport

/// Keeps a connection of one application protocol to one core: dials, watches whether the core answers, and dials anew beside what
/// does not.
///
/// A connection that became suspect is kept when another one has taken its place: what is open on it goes on if the core is heard
/// there again, and the connection is closed when nothing is left or when it is lost. Lives on the link's loop.
final class CoreDialer<Wire: DialledWire> {
  let core: CoreName
  private(set) var current: Dialled<Wire>?
  private let protocolName: [UInt8]
  private let loop: LoopContext
  private let options: EdgeOptions
  private let driver: EndpointDriver
  private unowned let link: QUICLink
  private unowned let user: any CoreDialerUser<Wire>
  private let tracing: Tracing?
  private let resolver = Resolver()
  private let tickets: TicketStore
  private var dialing: LinkDialing
  private var connections: [LinkDialing.Attempt: Connection] = [:]
  private var dialTimer: Scheduled<Void>?
  private var isDraining = false

  /// - Parameters:
  ///   - protocolName: as ALPN carries it.
  ///   - ticketName: of the protocol in the names of ticket files.
  init(
    _ core: CoreName, protocolName: [UInt8], ticketName: String, loop: LoopContext, options: EdgeOptions, driver: EndpointDriver,
    tracing: Tracing?, link: QUICLink, user: any CoreDialerUser<Wire>
  ) {
    self.core = core
    self.protocolName = protocolName
    self.loop = loop
    self.options = options
    self.driver = driver
    self.tracing = tracing
    self.link = link
    self.user = user
    dialing = LinkDialing(pace: options.dialing)
    tickets = TicketStore(
      core: core, protocolName: ticketName, identity: link.tls.certificate.names.first ?? "edge", folder: options.ticketFolder,
      events: loop.events)
  }

  /// Every connection that is open, attempts included.
  var dialled: [Dialled<Wire>] { connections.values.compactMap { $0.owner as? Dialled<Wire> } }

  func start() { run(dialing.started(moment)) }

  /// Dials no more until `start()`; the present connection is kept for what is open on it.
  func rest() {
    current?.isReplaced = true
    current = nil
    run(dialing.rested())
  }

  /// Dials no more; what is open is left to the user.
  func drain() {
    isDraining = true
    run(dialing.stopped())
  }

  func close(_ dialled: Dialled<Wire>, code: UInt64 = HTTP3ErrorCode.noError.rawValue, reason: String) {
    connections[dialled.attempt]?.close(applicationCode: code, reason: reason)
  }

  func roundTrip(of dialled: Dialled<Wire>) -> Duration {
    connections[dialled.attempt]?.figures.smoothedRoundTrip ?? .zero
  }

  /// The core may be gone: it is asked at once, and not only when the next keep-alive is due.
  func doubt() {
    guard let current, let connection = connections[current.attempt] else { return }
    connection.probe(now: driver.now)
  }

  // MARK: A pass over a connection

  fileprivate func serve(_ connection: Connection, _ dialled: Dialled<Wire>) {
    if !dialled.isHeard, connection.signs.lastReceived != nil {
      dialled.isHeard = true
      if let ticket = dialled.ticket { tickets.spend(ticket) }
      dialing.heard(dialled.attempt, hasMuchToDo: connection.hasReceivedRetry, moment)
      // What is silent on the connection before may be heard again, too.
      probeSilentConnections(except: connection)
    }
    while let event = connection.nextEvent() { handle(event, on: connection, dialled) }
    dialled.wire.processEvents()
    user.processed(dialled)
  }

  fileprivate func served(_ connection: Connection, _ dialled: Dialled<Wire>) {
    dialled.wire.processEvents()
    guard !dialled.isOver else { return }
    if dialled.isHeard, connection.phase != .handshaking || dialled === current { dialled.liveness?.look() }
    guard dialled === current else { return closeIfUnused(connection, dialled) }
    guard dialled.wire.isDraining, !isDraining else { return }
    // The core said GOAWAY: open exchanges go on here, new ones need another connection.
    report(.draining, "the core takes no more requests on this connection")
    lose(dialled, isRefused: false)
  }

  // MARK: Dialling

  private func run(_ actions: [LinkDialing.Action]) {
    for action in actions {
      switch action {
      case .resolve: resolve()
      case .dial(let attempt, let address): dial(attempt, address)
      case .abandon(let attempt):
        connections[attempt]?.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "another attempt was faster")
      case .discard(let attempt): discard(attempt)
      case .wait(let delay): wait(delay)
      case .cancelTimer: dialTimer?.cancel()
      case .use(let attempt): use(attempt)
      case .lose:
        current?.isReplaced = true
        current = nil
      }
    }
  }

  private func resolve() {
    let core = core
    let isIPv6 = driver.socket.localAddress.isIPv6
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    let promise = loop.eventLoop.makePromise(of: [Address].self)
    promise.completeWithTask { [resolver] in try await resolver.addresses(of: core, forIPv6Socket: isIPv6) }
    promise.futureResult.whenComplete { result in
      let dialer = bound.value
      switch result {
      case .success(let addresses): dialer.run(dialer.dialing.resolved(addresses, dialer.moment))
      case .failure(let error):
        if dialer.current == nil { dialer.report(.connecting, "\(error)") }
        dialer.run(dialer.dialing.resolved([], dialer.moment))
      }
    }
  }

  private func dial(_ attempt: LinkDialing.Attempt, _ address: Address) {
    let wire = user.makeWire()
    let (tls, ticket) = (link.tls, tickets.newest(under: link.tls))
    var configuration = options.connection
    configuration.keepAlive = nil
    let setup = ClientSetup(
      tls: tls, connection: configuration, applications: [ApplicationProtocol(name: protocolName) { _ in wire.application }],
      serverName: options.serverName ?? core.host, ticket: ticket, usesEarlyData: options.usesEarlyData, trace: tracing?.sink)
    loop.events.record(.linkDialled(core: "\(core)", address: address.description, isBeside: dialing.isDialingBeside))
    do {
      let connection = try driver.endpoint.connect(setup, path: driver.path(to: address), now: driver.now)
      let dialled = Dialled(
        attempt: attempt, wire: wire, name: ConnectionName(number: link.nextConnectionNumber(), peer: address.description),
        dialer: self, tls: tls, ticket: ticket)
      dialled.liveness = LivenessWatch(
        connection, limits: options.liveness, eventLoop: loop.eventLoop, isInUse: { wire.openExchangeCount > 0 },
        act: { [unowned self, unowned dialled, unowned connection] in act($0, dialled, connection) })
      connection.owner = dialled
      connections[attempt] = connection
      if connection.isEarly { loop.events.record(.earlyData(dialled.name, .attempted)) }
      user.began(dialled)
    } catch {
      report(.connecting, "\(error)")
      run(dialing.ended(attempt, isRefused: false, moment))
    }
  }

  /// One of an attempt's many: told only where there is no link at all.
  private func discard(_ attempt: LinkDialing.Attempt) {
    guard let connection = connections[attempt] else { return }
    connection.discard(reason: "no answer")
    guard current == nil, let dialled = connection.owner as? Dialled<Wire> else { return }
    report(.connecting, "nothing was heard from \(dialled.name.peer); is UDP let through, and does somebody listen there?")
  }

  private func wait(_ delay: Duration) {
    dialTimer?.cancel()
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    dialTimer = loop.eventLoop.scheduleTask(in: TimeAmount(delay)) {
      let dialer = bound.value
      dialer.run(dialer.dialing.timerFired(dialer.moment))
    }
  }

  private func use(_ attempt: LinkDialing.Attempt) {
    guard let dialled = connections[attempt]?.owner as? Dialled<Wire> else { return }
    let former = current
    current = dialled
    former?.isReplaced = true
  }

  private func lose(_ dialled: Dialled<Wire>, isRefused: Bool) {
    if dialled === current, user.mayRest(dialled) { return rest() }
    run(dialing.ended(dialled.attempt, isRefused: isRefused, moment))
  }

  // MARK: Liveness

  private func act(_ action: LinkLiveness.Action, _ dialled: Dialled<Wire>, _ connection: Connection) {
    switch action {
    case .keepAlive: break
    case .becameSuspect(let silence):
      guard dialled === current else { return }
      report(.suspect, "no answer for \(silence.rounded)")
      run(dialing.suspected(dialled.attempt, moment))
    case .answered(let silence):
      guard dialled === current else { return }
      run(dialing.answered(dialled.attempt))
      if dialled.isConfirmed { report(.confirmed, "answers again after \(silence.rounded)") }
    case .lost(let silence):
      connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "no answer for \(silence.rounded)")
    }
  }

  /// A connection that another has replaced is kept for what is open on it only.
  private func closeIfUnused(_ connection: Connection, _ dialled: Dialled<Wire>) {
    guard dialled.isReplaced, dialled.wire.openExchangeCount == 0 else { return }
    connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "another connection has taken its place")
  }

  private func probeSilentConnections(except heard: Connection) {
    for connection in connections.values where connection !== heard {
      guard let dialled = connection.owner as? Dialled<Wire>, dialled.liveness?.isSuspect == true else { continue }
      connection.probe(now: driver.now)
    }
  }

  // MARK: Events

  private func handle(_ event: ConnectionEvent, on connection: Connection, _ dialled: Dialled<Wire>) {
    switch event {
    case .handshakeCompleted(let identity, let isResumed):
      loop.events.record(.handshakeCompleted(dialled.name, identity: identity, duration: dialled.age, isResumed: isResumed))
      run(dialing.completed(dialled.attempt))
      user.completed(dialled, identity: identity)
    case .handshakeConfirmed:
      dialled.isConfirmed = true
      dialing.confirmed(dialled.attempt)
      if dialled === current { report(.confirmed, dialled.name.peer) }
    case .migrated(let path):
      loop.events.record(.connectionMigrated(dialled.name, from: path.local.description))
    case .sessionTicket(let ticket):
      if dialled.tls === link.tls { tickets.add(ticket, under: dialled.tls) }
    case .earlyDataAnswered(let isAccepted):
      loop.events.record(.earlyData(dialled.name, isAccepted ? .accepted : connection.isResumed ? .refused : .ticketUnknown))
    case .earlyDataTaken, .earlyDataRefused:
      break
    case .closed(let closure):
      closed(connection, dialled, closure)
    }
  }

  private func closed(_ connection: Connection, _ dialled: Dialled<Wire>, _ closure: ConnectionClosure) {
    loop.metrics.retire(connection.figures)
    connections[dialled.attempt] = nil
    connection.owner = nil
    dialled.isOver = true
    dialled.liveness?.end()
    dialled.liveness = nil
    let wasCurrent = current === dialled
    switch closure.cause {
    case .handshake(let failure):
      loop.events.record(.handshakeFailed(dialled.name, failure, reason: closure.reason))
      if !isDraining, current == nil || wasCurrent {
        report(failure == .timedOut || failure == .addressChanged ? .connecting : .refused, closure.reason)
      }
    case .end(let end):
      if dialled.isHeard { loop.events.record(.connectionClosed(dialled.name, end, reason: closure.reason)) }
      if wasCurrent, !isDraining { report(.lost, closure.reason) }
    }
    lose(dialled, isRefused: closure.isRefusal)
    user.ended(dialled, closure)
  }

  private func report(_ phase: LinkPhase, _ reason: String) { user.report(phase, core: core, reason: reason) }

  private var moment: LinkDialing.Moment { LinkDialing.Moment(now: .now(), jitter: .random(in: 0..<1)) }
}

/// Who wants connections to a core and serves what comes on them; on the dialer's loop.
protocol CoreDialerUser<Wire>: AnyObject {
  associatedtype Wire: DialledWire

  /// Makes what feeds and drains the next attempt.
  func makeWire() -> Wire
  /// An attempt has begun; what it sends now leaves with the first flight.
  func began(_ dialled: Dialled<Wire>)
  /// The core has proved who it is.
  func completed(_ dialled: Dialled<Wire>, identity: String?)
  /// Something was received or a timer has fired; `Wire.processEvents()` was called.
  func processed(_ dialled: Dialled<Wire>)
  /// The present connection takes or carries no more. Whether no other is needed now.
  func mayRest(_ dialled: Dialled<Wire>) -> Bool
  func ended(_ dialled: Dialled<Wire>, _ closure: ConnectionClosure)
  func report(_ phase: LinkPhase, core: CoreName, reason: String)
}

/// What is kept with a connection that was dialled.
final class Dialled<Wire: DialledWire>: ServedConnection {
  let attempt: LinkDialing.Attempt
  let wire: Wire
  let name: ConnectionName
  /// What the connection was begun with, and the ticket that it resumes with.
  let tls: TLSContext
  let ticket: SessionTicket?
  /// Something has come from the core.
  fileprivate(set) var isHeard = false
  /// The core has accepted our certificate.
  fileprivate(set) var isConfirmed = false
  /// It is kept for what is open on it.
  fileprivate(set) var isReplaced = false
  fileprivate(set) var isOver = false
  fileprivate(set) var liveness: LivenessWatch?
  private unowned let dialer: CoreDialer<Wire>
  private let began = NIODeadline.now()

  fileprivate init(
    attempt: LinkDialing.Attempt, wire: Wire, name: ConnectionName, dialer: CoreDialer<Wire>, tls: TLSContext, ticket: SessionTicket?
  ) {
    self.attempt = attempt
    self.wire = wire
    self.name = name
    self.dialer = dialer
    self.tls = tls
    self.ticket = ticket
  }

  /// How long ago its dialling began.
  var age: Duration { Duration(.now() - began) }

  override func serve(_ connection: Connection) { dialer.serve(connection, self) }
  override func served(_ connection: Connection) { dialer.served(connection, self) }
}
