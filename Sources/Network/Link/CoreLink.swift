import Events
import Exchange
import HTTP3
import NIOCore
import Observability
import QUICTransport
import Wires

/// An edge's link to one of its cores: dials, watches whether the core answers, and says which connection takes requests.
///
/// A connection that became suspect is kept when another one has taken its place: what is open on it goes on if the core is heard
/// there again, and the connection is closed when nothing is left or when it is lost. Lives on the link's loop.
final class CoreLink {
  let name: CoreName
  private(set) var current: DialledConnection?
  private let loop: LoopContext
  private let options: EdgeOptions
  private let driver: EndpointDriver
  private unowned let link: QUICLink
  private let tracing: Tracing?
  private let resolver = Resolver()
  private let tickets: TicketStore
  /// The newest attempt that carries requests before its core has answered (RFC 8470).
  private(set) var early: DialledConnection?
  private var dialing: LinkDialing
  private var connections: [LinkDialing.Attempt: Connection] = [:]
  private var dialTimer: Scheduled<Void>?
  private var isDraining = false
  /// Why there is no link, for who has to be told that.
  private(set) var lastTrouble = "the first handshake is under way"

  init(_ name: CoreName, loop: LoopContext, options: EdgeOptions, driver: EndpointDriver, tracing: Tracing?, link: QUICLink) {
    self.name = name
    self.loop = loop
    self.options = options
    self.driver = driver
    self.tracing = tracing
    self.link = link
    dialing = LinkDialing(pace: options.dialing)
    tickets = TicketStore(
      core: name, protocolName: "h3", identity: link.tls.certificate.names.first ?? "edge", folder: options.ticketFolder,
      events: loop.events)
  }

  /// Whether new requests are served here: the core answers.
  var isUsable: Bool { current.map { !$0.liveness.isSuspect && !$0.wire.isDraining } ?? false }

  /// Whether the core has accepted our certificate and answers.
  var isConfirmed: Bool { isUsable && current?.isConfirmed == true }

  var openExchangeCount: Int {
    connections.values.reduce(0) { $0 + (($1.owner as? DialledConnection)?.wire.openExchangeCount ?? 0) }
  }

  func start() { run(dialing.started(moment)) }

  /// A request waits for a link; dialling may hurry.
  func wanted() { run(dialing.wanted(moment)) }

  /// No request waits any more.
  func unwanted() { dialing.unwanted() }

  /// Whether requests have left with an attempt and wait for its core's answer.
  var carriesEarlyRequests: Bool { early.map { $0.wire.openExchangeCount > 0 } ?? false }

  /// No new exchanges; those that are open are finished.
  func drain() {
    isDraining = true
    run(dialing.stopped())
    current?.wire.drain()
  }

  // MARK: A pass over a connection

  func serve(_ connection: Connection, _ dialled: DialledConnection) {
    if !dialled.isHeard, connection.signs.lastReceived != nil {
      dialled.isHeard = true
      if let ticket = dialled.ticket { tickets.spend(ticket) }
      dialing.heard(dialled.attempt, hasMuchToDo: connection.hasReceivedRetry, moment)
      // What is silent on the connection before may be heard again, too.
      probeSilentConnections(except: connection)
    }
    while let event = connection.nextEvent() { handle(event, on: connection, dialled) }
    dialled.wire.processEvents()
  }

  func served(_ connection: Connection, _ dialled: DialledConnection) {
    dialled.wire.processEvents()
    guard !dialled.isOver else { return }
    look(at: connection, dialled)
    guard dialled === current else { return closeIfUnused(connection, dialled) }
    guard dialled.wire.isDraining, !isDraining else { return }
    // The core said GOAWAY: open exchanges go on here, new ones need another connection.
    report(.draining, "the core is shutting down")
    run(dialing.ended(dialled.attempt, isRefused: false, moment))
  }

  // MARK: Dialling

  private func run(_ actions: [LinkDialing.Action]) {
    for action in actions {
      switch action {
      case .resolve: resolve()
      case .dial(let attempt, let address): dial(attempt, address)
      case .abandon(let attempt): abandon(attempt)
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
    let core = name
    let isIPv6 = driver.socket.localAddress.isIPv6
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    let promise = loop.eventLoop.makePromise(of: [Address].self)
    promise.completeWithTask { [resolver] in try await resolver.addresses(of: core, forIPv6Socket: isIPv6) }
    promise.futureResult.whenComplete { result in
      let link = bound.value
      switch result {
      case .success(let addresses): link.run(link.dialing.resolved(addresses, link.moment))
      case .failure(let error):
        if link.current == nil { link.report(.connecting, "\(error)") }
        link.run(link.dialing.resolved([], link.moment))
      }
    }
  }

  private func dial(_ attempt: LinkDialing.Attempt, _ address: Address) {
    let wire = HTTP3ClientWire(
      peer: .core, configuration: options.http3, mayBeRepeated: options.mayBeRepeated, events: loop.events)
    let (tls, ticket) = (link.tls, tickets.newest(under: link.tls))
    var configuration = options.connection
    configuration.keepAlive = nil
    let setup = ClientSetup(
      tls: tls, connection: configuration,
      applications: [ApplicationProtocol(name: Array("h3".utf8)) { _ in wire.application }],
      serverName: options.serverName ?? name.host, ticket: ticket, usesEarlyData: options.usesEarlyData, trace: tracing?.sink)
    loop.events.record(.linkDialled(core: "\(name)", address: address.description, isBeside: dialing.isDialingBeside))
    do {
      let connection = try driver.endpoint.connect(
        setup, path: driver.path(to: address), now: driver.now)
      let dialled = DialledConnection(
        attempt: attempt, wire: wire, name: ConnectionName(number: link.nextConnectionNumber(), peer: address.description),
        core: self, tls: tls, ticket: ticket, limits: options.liveness)
      connection.owner = dialled
      connections[attempt] = connection
      if connection.isEarly { sendEarly(on: dialled) }
    } catch {
      report(.connecting, "\(error)")
      run(dialing.ended(attempt, isRefused: false, moment))
    }
  }

  /// Requests that may be processed twice leave with the first flight of an attempt: those that wait, those that went with an attempt
  /// before it, and those on a connection that does not answer.
  private func sendEarly(on dialled: DialledConnection) {
    loop.events.record(.earlyData(dialled.name, .attempted))
    let former = early
    early = dialled
    // Where another core answers, requests go there.
    guard !link.hasUsableCore else { return }
    for silent in [former, current] where silent?.isOver == false {
      let copied = silent?.wire.openResponses.count { LinkExchange.behind($0)?.ride(on: dialled) == true } ?? 0
      if silent === current { link.repeated(copied) }
    }
    link.becameEarly(dialled)
  }

  /// Another way to the core was faster. If that is the connection in use, which answers again, requests that have left with this
  /// attempt may be about to be answered: it is kept as long as that. Another attempt carries the same requests itself.
  private func abandon(_ attempt: LinkDialing.Attempt) {
    guard let connection = connections[attempt], let dialled = connection.owner as? DialledConnection, !dialled.isReplaced else { return }
    dialled.isReplaced = true
    guard isUsable, dialled.wire.openExchangeCount > 0 else {
      return connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "another connection was faster")
    }
    let roundTrip = current.flatMap { connections[$0.attempt] }?.figures.smoothedRoundTrip ?? .zero
    let bound = NIOLoopBound((connection, dialled), eventLoop: loop.eventLoop)
    loop.eventLoop.scheduleTask(in: TimeAmount(max(roundTrip * 2, Self.shortestAnswerWait))) {
      let (connection, dialled) = bound.value
      guard !dialled.isOver, !dialled.wire.openResponses.contains(where: { LinkExchange.behind($0)?.isCarried(by: dialled) == true })
      else { return }
      connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "another connection was faster")
    }
  }

  /// One of an attempt's many: told only where there is no link at all.
  private func discard(_ attempt: LinkDialing.Attempt) {
    guard let connection = connections[attempt] else { return }
    connection.discard(reason: "no answer")
    guard current == nil, let dialled = connection.owner as? DialledConnection else { return }
    report(.connecting, "nothing was heard from \(dialled.name.peer); is UDP let through, and does somebody listen there?")
  }

  private func wait(_ delay: Duration) {
    dialTimer?.cancel()
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    dialTimer = loop.eventLoop.scheduleTask(in: TimeAmount(delay)) {
      let core = bound.value
      if !core.link.isWanted { core.unwanted() }
      core.run(core.dialing.timerFired(core.moment))
    }
  }

  private func use(_ attempt: LinkDialing.Attempt) {
    guard let connection = connections[attempt], let dialled = connection.owner as? DialledConnection else { return }
    let former = current
    current = dialled
    early = nil
    for response in dialled.wire.openResponses { LinkExchange.behind(response)?.answered(on: dialled) }
    former?.isReplaced = true
    link.becameUsable()
    if let former { repeatExchanges(of: former) }
  }

  /// Some core answers, this one or another. What only a silent connection or attempts carry goes there, if it may be sent twice.
  func becameUsable() {
    if let current, current.liveness.isSuspect { repeatExchanges(of: current) }
    for connection in connections.values {
      guard let dialled = connection.owner as? DialledConnection, dialled !== current, !dialled.isConfirmed else { continue }
      for response in dialled.wire.openResponses { LinkExchange.behind(response)?.goBesideRides() }
    }
  }

  /// Sends what may be sent twice on a connection that answers, from one that does not.
  private func repeatExchanges(of silent: DialledConnection) {
    link.repeated(silent.wire.openResponses.count { LinkExchange.behind($0)?.leaveSilentConnection() == true })
  }

  // MARK: Liveness

  private func look(at connection: Connection, _ dialled: DialledConnection) {
    guard dialled.isHeard, connection.phase != .handshaking || dialled === current else { return }
    let actions = dialled.liveness.observed(connection.signs, isInUse: dialled.wire.openExchangeCount > 0, now: .now())
    for action in actions {
      switch action {
      case .keepAlive(let interval): connection.setKeepAlive(interval)
      case .becameSuspect(let silence): suspect(dialled, silence)
      case .answered(let silence): answered(dialled, silence)
      case .lost(let silence):
        dialled.endedInSilence = true
        connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "no answer for \(silence.rounded)")
      }
    }
    guard dialled.look == nil, let deadline = dialled.liveness.deadline else { return }
    let bound = NIOLoopBound((self, connection, dialled), eventLoop: loop.eventLoop)
    dialled.look = loop.eventLoop.scheduleTask(deadline: deadline) {
      let (core, connection, dialled) = bound.value
      dialled.look = nil
      if !dialled.isOver { core.look(at: connection, dialled) }
    }
  }

  private func suspect(_ dialled: DialledConnection, _ silence: Duration) {
    guard dialled === current else { return }
    report(.suspect, "no answer for \(silence.rounded)")
    run(dialing.suspected(dialled.attempt, moment))
    if link.hasUsableCore { repeatExchanges(of: dialled) }
  }

  private func answered(_ dialled: DialledConnection, _ silence: Duration) {
    guard dialled === current else { return }
    early = nil
    run(dialing.answered(dialled.attempt))
    if dialled.isConfirmed { reportConfirmed("answers again after \(silence.rounded)") }
    link.becameUsable()
  }

  /// A connection that another has replaced is kept for what is open on it only.
  private func closeIfUnused(_ connection: Connection, _ dialled: DialledConnection) {
    guard dialled.isReplaced, dialled.wire.openExchangeCount == 0 else { return }
    connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "another connection has taken its place")
  }

  private func probeSilentConnections(except heard: Connection) {
    for connection in connections.values where connection !== heard {
      guard let dialled = connection.owner as? DialledConnection, dialled.liveness.isSuspect else { continue }
      connection.probe(now: driver.now)
    }
  }

  // MARK: Events

  private func handle(_ event: ConnectionEvent, on connection: Connection, _ dialled: DialledConnection) {
    switch event {
    case .handshakeCompleted(let identity, let isResumed):
      loop.events.record(
        .handshakeCompleted(dialled.name, identity: identity, duration: dialled.age, isResumed: isResumed))
      run(dialing.completed(dialled.attempt))
    case .handshakeConfirmed:
      dialled.isConfirmed = true
      dialing.confirmed(dialled.attempt)
      if dialled === current { reportConfirmed(dialled.name.peer) }
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

  private func closed(_ connection: Connection, _ dialled: DialledConnection, _ closure: ConnectionClosure) {
    loop.metrics.retire(connection.figures)
    connections[dialled.attempt] = nil
    connection.owner = nil
    dialled.isOver = true
    if early === dialled { early = nil }
    if closure.cause == .end(.idle) { dialled.endedInSilence = true }
    dialled.look?.cancel()
    let wasCurrent = current === dialled
    switch closure.cause {
    case .handshake(let failure):
      loop.events.record(.handshakeFailed(dialled.name, failure, reason: closure.reason))
      if !isDraining, current == nil || wasCurrent { report(failure == .timedOut || failure == .addressChanged ? .connecting : .refused, closure.reason) }
    case .end(let end):
      if dialled.isHeard { loop.events.record(.connectionClosed(dialled.name, end, reason: closure.reason)) }
      if wasCurrent, !isDraining { report(.lost, closure.reason) }
    }
    run(dialing.ended(dialled.attempt, isRefused: closure.isRefusal, moment))
    dialled.wire.connectionClosed(
      GatewayError(
        .destinationUnavailable, side: .core, retry: closure.isRefusal && !dialled.isConfirmed ? .safe : .unsafe,
        message: "the link to \(name) was lost: \(closure.reason)"))
  }

  private func reportConfirmed(_ reason: String) {
    loop.events.record(.linkChanged(.confirmed, core: "\(name)", reason: reason))
    link.becameConfirmed()
  }

  private func report(_ phase: LinkPhase, _ reason: String) {
    lastTrouble = reason
    loop.events.record(.linkChanged(phase, core: "\(name)", reason: reason))
    link.hasTrouble()
  }

  private static let shortestAnswerWait = Duration.milliseconds(200)

  private var moment: LinkDialing.Moment { LinkDialing.Moment(now: .now(), jitter: .random(in: 0..<1)) }
}
