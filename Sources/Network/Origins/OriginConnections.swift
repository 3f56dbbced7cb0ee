import DequeModule
import Events
import Exchange
import Gateway
import NIOCore
import Wires

/// The connections of one event loop to one origin.
final class OriginConnections {
  private let service: String
  private let connector: OriginConnector
  private let tunnels: Tunnels
  private let turn: LoopTurn
  private let events: any EventSink
  private let limits: OriginLimits
  private let connectTimer: CoarseTimer
  private var connections: [ObjectIdentifier: OriginConnection] = [:]
  private var vacant: [OriginConnection] = []
  private var waiting = Deque<WaitingExchange>()
  private var connectingCount = 0
  /// How many exchanges one connection carries, as last seen; until one was seen, what HTTP/2 servers allow at least
  /// (RFC 9113 §6.5.2).
  private var capacity: Int
  private let health: SharedHealth
  /// When those that wait for a connection in use may ask for one more again, after one could not be made.
  private var triesAgainAt = NIODeadline.distantPast
  private var isDraining = false
  private var isSweepScheduled = false

  init(
    service: String, connector: OriginConnector, tunnels: Tunnels, turn: LoopTurn, events: any EventSink,
    limits: OriginLimits, connectTimer: CoarseTimer, health: SharedHealth
  ) {
    self.service = service
    self.connector = connector
    self.tunnels = tunnels
    self.turn = turn
    self.events = events
    self.limits = limits
    self.connectTimer = connectTimer
    capacity = connector.origin.scheme == .http ? 1 : 100
    self.health = health
    if case .alone(let tunnels) = tunnels { tunnels.onFailure = { [weak self] in _ = self?.noteFailure($0) } }
  }

  var origin: OriginURL { connector.origin }

  /// What carries tunnels.
  enum Tunnels {
    /// A connection for each, which counts it.
    case alone(OriginTunnels)
    /// The connections of all exchanges.
    case shared(TunnelCounts)
  }

  /// Counts an exchange that is to be opened, if it is a tunnel that nobody else counts.
  /// - Throws: when there are as many as there may be.
  func countShared(_ request: ExchangeRequest) throws(GatewayError) -> CountedTunnel? {
    guard request.head.isConnect, case .shared(let counts) = tunnels else { return nil }
    return try counts.begin(to: origin, for: request.origin.identity)
  }

  /// Exchanges that wait for a connection.
  var waitingCount: Int { waiting.count }

  /// - Parameter avoidsIdle: whether a connection that is idle now may be as dead as the one that the exchange has just lost.
  /// - Returns: the request's sink, and whether it went out on a connection that was idle: the origin may have closed that
  ///   already.
  func open(
    _ request: ExchangeRequest, respondingTo sink: any ResponseSink, avoidsIdle: Bool
  ) -> (sink: any RequestSink, wasIdle: Bool) {
    if request.head.isConnect, case .alone(let tunnels) = tunnels { return (tunnels.open(request, respondingTo: sink), false) }
    if waiting.isEmpty, let (connection, wasIdle) = takeVacant(avoidsIdle: avoidsIdle && mayConnect) {
      return (connection.wire.open(request, respondingTo: sink), wasIdle)
    }
    return (wait(request, respondingTo: sink), false)
  }

  private func wait(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = WaitingExchange(request, respondingTo: sink)
    guard waiting.count < limits.waitingExchanges else {
      exchange.fail(
        GatewayError(
          .connectionLimitReached, side: .origin, retry: .safe,
          message: "too many requests wait for a connection to \(connector.origin)"))
      return exchange
    }
    waiting.append(exchange)
    exchange.onLeave = { [weak self, unowned exchange] in self?.forget(exchange) }
    exchange.wait = connectTimer.begin { [unowned exchange, origin = connector.origin] in
      exchange.fail(
        GatewayError(
          .connectionLimitReached, side: .origin, retry: .safe,
          message: "no connection to \(origin) became free in time; all are busy or none could be opened"))
    }
    openConnections()
    return exchange
  }

  /// No further exchanges on what is open, nor on what is being opened beyond those that wait.
  func drain() {
    isDraining = true
    for connection in connections.values { retire(connection) }
  }

  /// A connection was lost under an exchange, without a byte of an answer. Whatever ended it (a balancer, a restart) has often
  /// ended its idle neighbours too, and they tell only when they are used.
  func connectionLost() {
    for connection in connections.values where connection.idleSince != nil { retire(connection) }
  }

  // MARK: Health

  /// Whether it is passed over where there are others.
  func isOut(at now: NIODeadline) -> Bool { health.isOut(at: now) }

  /// An exchange is about to be opened here.
  func chosen(at now: NIODeadline) { health.requestSent(at: now) }

  /// An exchange had an answer of this origin.
  func answered() { tell(health.requestSucceeded()) }

  /// An exchange had none, and that was this origin's fault.
  func failed(_ reason: String) { tell(health.requestFailed(reason, at: .now())) }

  /// - Parameter failure: what was wrong, or nil.
  func checked(_ failure: String?) { tell(health.checked(failure)) }

  private func tell(_ change: OriginHealth.Change?) {
    switch change {
    case .down(let reason): events.record(.originChanged(service: service, origin: "\(origin)", .down, reason: reason))
    case .up: events.record(.originChanged(service: service, origin: "\(origin)", .up, reason: ""))
    case nil: break
    }
  }

  // MARK: Connections

  private var mayConnect: Bool { connectingCount + connections.count < limits.connections }

  private func takeVacant(avoidsIdle: Bool) -> (connection: OriginConnection, wasIdle: Bool)? {
    for index in vacant.indices.reversed() {
      let connection = vacant[index]
      let vacancy = connection.wire.vacancy
      if vacancy > 0, avoidsIdle, connection.idleSince != nil { continue }
      // A connection that has room for one more after this one stays listed (HTTP/2).
      if vacancy <= 1 {
        vacant.remove(at: index)
        connection.isListed = false
      }
      if vacancy > 0 {
        let wasIdle = connection.idleSince != nil
        connection.idleSince = nil
        return (connection, wasIdle)
      }
    }
    return nil
  }

  private func openConnections() {
    let wanted = (waiting.count + capacity - 1) / capacity
    while connectingCount < wanted, mayConnect {
      connectingCount += 1
      let connection = connector.connect(
        turn: turn, onTurn: { [weak self] in self?.turnEnded(of: $0) }, onClose: { [weak self] in self?.closed($0) })
      connection.assumeIsolated().whenComplete { [weak self] result in
        self?.connectingCount -= 1
        switch result {
        case .success(let connection):
          guard let self else { return connection.value.retire() }
          self.connected(connection.value)
        case .failure(let error): self?.connectionFailed(error)
        }
      }
    }
  }

  private func connected(_ connection: OriginConnection) {
    connections[ObjectIdentifier(connection)] = connection
    triesAgainAt = .distantPast
    turnEnded(of: connection)
    scheduleSweep()
  }

  private func turnEnded(of connection: OriginConnection) {
    guard connections[ObjectIdentifier(connection)] != nil else { return }
    if connection.wire.isReusable { capacity = connection.capacity }
    while connection.wire.vacancy > 0, let exchange = popWaiting() { exchange.resume(on: connection.wire) }
    if connection.wire.openExchangeCount > 0 {
      connection.idleSince = nil
    } else if connection.idleSince == nil {
      connection.idleSince = .now()
    }
    if isDraining, connection.wire.isReusable { retire(connection) }
    if connection.wire.vacancy > 0, !connection.isListed {
      connection.isListed = true
      vacant.append(connection)
    }
    // There may be less room on a connection than was thought when this one was opened.
    if !waiting.isEmpty, .now() >= triesAgainAt { openConnections() }
  }

  private func closed(_ connection: OriginConnection) {
    connections[ObjectIdentifier(connection)] = nil
    unlist(connection)
    if !waiting.isEmpty { openConnections() }
  }

  private func noteFailure(_ error: any Error) -> GatewayError {
    let failure = OriginFailure.gatewayError(for: error, origin: connector.origin, timeout: connector.timeout)
    events.record(.originFailed(service: service, origin: "\(connector.origin)", reason: failure.message))
    failed(failure.message)
    return failure
  }

  private func connectionFailed(_ error: any Error) {
    let failure = noteFailure(error)
    triesAgainAt = .now() + limits.pauseAfterFailure
    // Who avoided the idle connections has no choice left.
    while !waiting.isEmpty, let (connection, _) = takeVacant(avoidsIdle: false) { popWaiting()?.resume(on: connection.wire) }
    // One failed attempt is the answer to all that wait: whoever may is tried again by its own exchange.
    guard connectingCount == 0, connections.isEmpty else { return }
    let refused = waiting
    waiting.removeAll()
    for exchange in refused {
      exchange.onLeave = nil
      exchange.fail(failure)
    }
  }

  private func retire(_ connection: OriginConnection) {
    unlist(connection)
    connection.retire()
  }

  private func unlist(_ connection: OriginConnection) {
    guard connection.isListed else { return }
    connection.isListed = false
    vacant.removeAll { $0 === connection }
  }

  // MARK: Waiting exchanges

  private func popWaiting() -> WaitingExchange? {
    let exchange = waiting.popFirst()
    exchange?.onLeave = nil
    return exchange
  }

  private func forget(_ exchange: WaitingExchange) {
    if let index = waiting.firstIndex(where: { $0 === exchange }) { waiting.remove(at: index) }
  }

  // MARK: Idle connections

  /// One timer for all of them, that runs as long as there are connections: a timer for each would be set anew by each request.
  private func scheduleSweep() {
    guard !isSweepScheduled, !connections.isEmpty else { return }
    isSweepScheduled = true
    turn.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(limits.idle.nanoseconds / 4)) { [weak self] in self?.sweep() }
  }

  private func sweep() {
    isSweepScheduled = false
    let latest = NIODeadline.now() - limits.idle
    for connection in connections.values {
      if let idleSince = connection.idleSince, idleSince <= latest { retire(connection) }
    }
    scheduleSweep()
  }
}
