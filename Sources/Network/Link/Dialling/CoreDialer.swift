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
  private(set) var current: DialledConnection<Wire>?
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
  private var renewalTimer: Scheduled<Void>?
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
  var dialled: [DialledConnection<Wire>] { connections.values.compactMap { $0.owner as? DialledConnection<Wire> } }

  /// Whether the core answers, and takes more on the present connection.
  var isUsable: Bool { current.map { !$0.isSuspect && !$0.wire.isDraining } ?? false }

  var openExchangeCount: Int { dialled.reduce(0) { $0 + $1.wire.openExchangeCount } }

  func start() { run(dialing.started(moment)) }

  /// Somebody waits for a connection; dialling may hurry.
  func wanted() { run(dialing.wanted(moment)) }

  /// Nobody waits any more.
  func unwanted() { dialing.unwanted() }

  /// The core was heard of otherwise: if it is being dialled, the next attempt is made soon.
  func hurry() {
    wanted()
    unwanted()
  }

  /// Dials no more until `start()`; the present connection is kept for what is open on it.
  func rest() {
    current?.isReplaced = true
    current = nil
    run(dialing.rested())
  }

  /// Dials no more; what is open is left to the user.
  func drain() {
    isDraining = true
    renewalTimer?.cancel()
    run(dialing.stopped())
  }

  func close(_ dialled: DialledConnection<Wire>, code: UInt64 = HTTP3ErrorCode.noError.rawValue, reason: String) {
    connections[dialled.attempt]?.close(applicationCode: code, reason: reason)
  }

  /// Attempts, and connections that were replaced, have none.
  func title(of dialled: DialledConnection<Wire>) -> String? { dialled === current ? user.title(of: core) : nil }

  func roundTrip(of dialled: DialledConnection<Wire>) -> Duration {
    connections[dialled.attempt]?.figures.smoothedRoundTrip ?? .zero
  }

  // MARK: A pass over a connection

  func serve(_ connection: Connection, _ dialled: DialledConnection<Wire>) {
    if !dialled.isHeard, connection.signs.lastReceived != nil {
      dialled.isHeard = true
      dialing.heard(dialled.attempt, hasMuchToDo: connection.hasReceivedRetry, moment)
      // What is silent on the connection before may be heard again, too.
      probeSilentConnections(except: connection)
    }
    while let event = connection.nextEvent() { handle(event, on: connection, dialled) }
    dialled.wire.processEvents()
    user.processed(dialled)
  }

  func served(_ connection: Connection, _ dialled: DialledConnection<Wire>) {
    dialled.wire.processEvents()
    guard !dialled.isOver else { return }
    if dialled.isHeard, connection.phase != .handshaking || dialled === current { dialled.liveness.look() }
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
      case .dial(let attempt, let address): dial(attempt, address, under: tickets.newest(under: link.tls))
      case .renew(let attempt, let address): dial(attempt, address, under: nil)
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

  private func dial(_ attempt: LinkDialing.Attempt, _ address: Address, under ticket: TicketShelf.StoredTicket?) {
    let (wire, tls) = (user.makeWire(), link.tls)
    var configuration = options.connection
    configuration.keepAlive = nil
    let setup = ClientSetup(
      tls: tls, connection: configuration, applications: [ApplicationProtocol(name: protocolName) { _ in wire.application }],
      serverName: options.serverName ?? core.host, ticket: ticket?.ticket, usesEarlyData: options.usesEarlyData, trace: tracing?.sink)
    loop.events.record(.linkDialled(core: "\(core)", address: address.description, isBeside: current?.isSuspect == true))
    do {
      let connection = try driver.endpoint.connect(setup, path: driver.path(to: address), now: driver.now)
      let liveness = LivenessWatch(
        connection, limits: options.liveness, eventLoop: loop.eventLoop, isInUse: { wire.busyExchangeCount > 0 },
        act: { [unowned self, unowned connection] in act($0, on: connection) })
      let dialled = DialledConnection(
        attempt: attempt, wire: wire, name: ConnectionName(number: link.nextConnectionNumber(), peer: address.description),
        dialer: self, tls: tls, ticket: ticket, liveness: liveness)
      connection.owner = dialled
      connections[attempt] = connection
      if connection.isEarly { loop.events.record(.earlyData(dialled.name, .attempted)) }
      user.began(dialled, isEarly: connection.isEarly)
    } catch {
      report(.connecting, "\(error)")
      run(dialing.ended(attempt, isRefused: false, moment))
    }
  }

  /// Another way to the core was faster. If that is the connection in use, which answers again, what has left with this attempt may be
  /// about to be answered: it is kept as long as that. Another attempt carries the same itself.
  private func abandon(_ attempt: LinkDialing.Attempt) {
    guard let connection = connections[attempt], let dialled = connection.owner as? DialledConnection<Wire>, !dialled.isReplaced else { return }
    dialled.isReplaced = true
    guard isUsable, dialled.wire.openExchangeCount > 0 else {
      return connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "another connection was faster")
    }
    let roundTrip = current.map(roundTrip) ?? .zero
    let bound = NIOLoopBound((self, connection, dialled), eventLoop: loop.eventLoop)
    loop.eventLoop.scheduleTask(in: TimeAmount(max(roundTrip * 2, .milliseconds(200)))) {
      let (dialer, connection, dialled) = bound.value
      guard !dialled.isOver, !dialer.user.isAnswered(on: dialled) else { return }
      connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "another connection was faster")
    }
  }

  /// One of an attempt's many: told only where there is no link at all.
  private func discard(_ attempt: LinkDialing.Attempt) {
    guard let connection = connections[attempt] else { return }
    connection.discard(reason: "no answer")
    guard current == nil, let dialled = connection.owner as? DialledConnection<Wire> else { return }
    report(.connecting, "nothing was heard from \(dialled.name.peer); is UDP let through, and does somebody listen there?")
  }

  private func wait(_ delay: Duration) {
    dialTimer?.cancel()
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    dialTimer = loop.eventLoop.scheduleTask(in: TimeAmount(delay)) {
      let dialer = bound.value
      if !dialer.user.isWanting { dialer.unwanted() }
      dialer.run(dialer.dialing.timerFired(dialer.moment))
    }
  }

  private func use(_ attempt: LinkDialing.Attempt) {
    guard let dialled = connections[attempt]?.owner as? DialledConnection<Wire> else { return }
    let former = current
    current = dialled
    former?.isReplaced = true
    if let former, !former.isSuspect { linger(former) }
    user.uses(dialled, insteadOf: former)
  }

  private func lose(_ dialled: DialledConnection<Wire>, isRefused: Bool) {
    if dialled === current, user.mayRest(dialled) { return rest() }
    run(dialing.ended(dialled.attempt, isRefused: isRefused, moment))
  }

  /// A core takes tickets for so long after the full handshake that they go back to, however long the connection lasts. So that there are
  /// good ones whenever the link is lost, a connection whose session has grown old is followed by one that begins another.
  private func planRenewal(of dialled: DialledConnection<Wire>) {
    guard options.usesEarlyData, !isDraining, dialled === current, let began = dialled.sessionBegan else { return }
    // Not a whole fleet at once, and not while a link has only just come.
    let whole = options.sessionRenewal
    renew(dialled, in: max(whole * .random(in: 0.75..<1) - tickets.age(ofSessionSince: began), whole * .random(in: 0.02..<0.1)))
  }

  private func renew(_ dialled: DialledConnection<Wire>, in delay: Duration) {
    renewalTimer?.cancel()
    let bound = NIOLoopBound((self, dialled), eventLoop: loop.eventLoop)
    renewalTimer = loop.eventLoop.scheduleTask(in: TimeAmount(delay)) {
      let (dialer, dialled) = bound.value
      guard dialled === dialer.current, let path = dialer.connections[dialled.attempt]?.path else { return }
      dialer.run(dialer.dialing.aged(dialled.attempt, at: path.remote, dialer.moment))
      // Where it does not come about.
      dialer.renew(dialled, in: dialer.options.sessionRenewal * .random(in: 0.05..<0.1))
    }
  }

  // MARK: Liveness

  private func act(_ action: LinkLiveness.Action, on connection: Connection) {
    guard let dialled = connection.owner as? DialledConnection<Wire> else { return }
    count(action, on: connection, dialled)
    switch action {
    case .keepAlive: break
    case .becameSuspect(let silence):
      guard dialled === current else {
        // What is still open on a connection that another has followed need not wait until it is lost.
        if dialled.isReplaced { user.suspects(dialled) }
        return
      }
      report(.suspect, "no answer for \(silence.rounded)")
      run(dialing.suspected(dialled.attempt, moment))
      user.suspects(dialled)
    case .answered(let silence):
      guard dialled === current else { return }
      run(dialing.answered(dialled.attempt))
      if dialled.isConfirmed { report(.confirmed, "answers again after \(silence.rounded)") }
      user.hears(dialled)
    case .lost(let silence):
      dialled.endedInSilence = true
      connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "no answer for \(silence.rounded)")
    }
  }

  /// Counts what is sent while nothing is heard.
  private func count(_ action: LinkLiveness.Action, on connection: Connection, _ dialled: DialledConnection<Wire>) {
    switch action {
    case .keepAlive: break
    case .becameSuspect: dialled.sentBeforeSilence = connection.figures.packetsSent
    case .answered, .lost:
      let datagrams = connection.figures.packetsSent - dialled.sentBeforeSilence
      loop.events.record(.silentCoreProbed(core: "\(core)", datagrams: datagrams))
    }
  }

  /// Another connection of the same socket has got a new address from a NAT: the cores are to learn of it on these too.
  func askAll(except asked: AnyObject) {
    for dialled in dialled where dialled !== asked && dialled.isConfirmed {
      dialled.liveness.ask(interval: options.liveness.probeInterval) {}
    }
  }

  /// A connection that another has replaced is kept for what is open on it only.
  private func closeIfUnused(_ connection: Connection, _ dialled: DialledConnection<Wire>) {
    guard dialled.isReplaced, !dialled.lingers, dialled.wire.openExchangeCount == 0 else { return }
    connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "another connection has taken its place")
  }

  private func linger(_ former: DialledConnection<Wire>) {
    former.lingers = true
    let bound = NIOLoopBound((self, former), eventLoop: loop.eventLoop)
    loop.eventLoop.scheduleTask(in: .seconds(5)) {
      let (dialer, former) = bound.value
      former.lingers = false
      if let connection = dialer.connections[former.attempt] { dialer.closeIfUnused(connection, former) }
    }
  }

  private func probeSilentConnections(except heard: Connection) {
    for connection in connections.values where connection !== heard {
      guard let dialled = connection.owner as? DialledConnection<Wire>, dialled.isSuspect else { continue }
      connection.probe(now: driver.now)
    }
  }

  // MARK: Events

  private func handle(_ event: ConnectionEvent, on connection: Connection, _ dialled: DialledConnection<Wire>) {
    switch event {
    case .handshakeCompleted(let identity, let isResumed):
      loop.events.record(.handshakeCompleted(dialled.name, identity: identity, duration: dialled.age, isResumed: isResumed))
      if let ticket = dialled.ticket { tickets.spend(ticket.ticket) }
      dialled.sessionBegan = isResumed ? dialled.ticket?.sessionBegan : WallTime.now().seconds
      run(dialing.completed(dialled.attempt))
    case .handshakeConfirmed:
      dialled.isConfirmed = true
      dialing.confirmed(dialled.attempt)
      planRenewal(of: dialled)
      if dialled === current { report(.confirmed, dialled.name.peer) }
    case .migrated(let path):
      loop.events.record(.connectionMigrated(dialled.name, from: path.local.description))
    case .challenged:
      link.addressSeemsChanged(seenBy: dialled)
    case .sessionTicket(let ticket):
      if dialled.tls === link.tls { tickets.add(ticket, sessionBegan: dialled.sessionBegan, under: dialled.tls) }
    case .earlyDataAnswered(let isAccepted):
      loop.events.record(.earlyData(dialled.name, isAccepted ? .accepted : connection.isResumed ? .refused : .ticketUnknown))
    case .earlyDataTaken, .earlyDataRefused:
      break
    case .closed(let closure):
      closed(connection, dialled, closure)
    }
  }

  private func closed(_ connection: Connection, _ dialled: DialledConnection<Wire>, _ closure: ConnectionClosure) {
    loop.metrics.retire(connection.figures)
    connections[dialled.attempt] = nil
    connection.owner = nil
    dialled.isOver = true
    dialled.liveness.end()
    if closure.cause == .end(.idle) { dialled.endedInSilence = true }
    if dialled.sessionBegan == nil, !closure.leavesTicketUnused, let ticket = dialled.ticket { tickets.spend(ticket.ticket) }
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
