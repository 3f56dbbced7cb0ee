import DequeModule
import Events
import Exchange
import Gateway
import NIOCore
import Wires

/// The connections of one event loop to one origin.
final class OriginConnections: ExchangeHandler {
  private let service: String
  private let connector: OriginConnector
  private let turn: LoopTurn
  private let events: any EventSink
  private let limits: OriginLimits
  private let connectTimer: CoarseTimer
  private var connections: [ObjectIdentifier: OriginConnection] = [:]
  private var vacant: [OriginConnection] = []
  private var waiting = Deque<WaitingExchange>()
  private var connectingCount = 0
  private var restsUntil = NIODeadline.distantPast

  init(
    service: String, connector: OriginConnector, turn: LoopTurn, events: any EventSink, limits: OriginLimits, connectTimer: CoarseTimer
  ) {
    self.service = service
    self.connector = connector
    self.turn = turn
    self.events = events
    self.limits = limits
    self.connectTimer = connectTimer
  }

  var origin: OriginURL { connector.origin }

  /// True for a second after a failed connection: another origin of the service is asked first.
  func isResting(at now: NIODeadline) -> Bool { now < restsUntil }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    if waiting.isEmpty, let connection = takeVacant() {
      return connection.wire.open(request, respondingTo: sink)
    }
    let exchange = WaitingExchange(request, respondingTo: sink)
    guard waiting.count < limits.waitingExchanges else {
      exchange.fail(
        GatewayError(
          .connectionLimitReached, side: .origin, retry: .safe, message: "too many requests wait for a connection to \(connector.origin)"))
      return exchange
    }
    waiting.append(exchange)
    exchange.wait = connectTimer.begin { [unowned exchange, origin = connector.origin] in
      exchange.fail(
        GatewayError(
          .connectionLimitReached, side: .origin, retry: .safe,
          message: "no connection to \(origin) became free in time; all are busy or none could be opened"))
    }
    openConnections()
    return exchange
  }

  func drain() {
    for connection in connections.values {
      connection.wire.drain()
      connection.handler?.setNeedsUpdate()
    }
    vacant.removeAll()
  }

  // MARK: Connections

  private func takeVacant() -> OriginConnection? {
    while let connection = vacant.last {
      if connection.wire.vacancy > 0 {
        // A connection that has room for one more after this one stays listed (HTTP/2).
        if connection.wire.vacancy == 1 {
          vacant.removeLast()
          connection.isListed = false
        }
        return connection
      }
      vacant.removeLast()
      connection.isListed = false
    }
    return nil
  }

  private func openConnections() {
    let wanted = connector.origin.scheme == .http ? waiting.count : (waiting.count + 99) / 100
    while connectingCount < wanted, connectingCount + connections.count < limits.connections {
      connectingCount += 1
      connector.connect(turn: turn, onTurn: { [weak self] in self?.turnEnded(of: $0) }, onClose: { [weak self] in self?.closed($0) })
        .assumeIsolated()
        .whenComplete { [weak self] result in
          guard let self else { return }
          self.connectingCount -= 1
          switch result {
          case .success(let connection): self.connected(connection.value)
          case .failure(let error): self.connectionFailed(error)
          }
        }
    }
  }

  private func connected(_ connection: OriginConnection) {
    connections[ObjectIdentifier(connection)] = connection
    restsUntil = .distantPast
    turnEnded(of: connection)
  }

  private func turnEnded(of connection: OriginConnection) {
    guard connections[ObjectIdentifier(connection)] != nil else { return }
    while connection.wire.vacancy > 0, let exchange = popWaiting() { exchange.resume(on: connection.wire) }
    if connection.wire.vacancy > 0, !connection.isListed {
      connection.isListed = true
      vacant.append(connection)
    }
  }

  private func closed(_ connection: OriginConnection) {
    connections[ObjectIdentifier(connection)] = nil
    if connection.isListed { vacant.removeAll { $0 === connection } }
    connection.handler = nil
    if !waiting.isEmpty { openConnections() }
  }

  private func connectionFailed(_ error: any Error) {
    restsUntil = .now() + .seconds(1)
    let failure = OriginFailure.gatewayError(for: error, origin: connector.origin, timeout: connector.timeout)
    events.record(.originFailed(service: service, origin: "\(connector.origin)", reason: failure.message))
    // One failed attempt is the answer to all that wait: whoever may is tried again by its own exchange.
    guard connectingCount == 0, connections.isEmpty else { return }
    let refused = waiting
    waiting.removeAll()
    for exchange in refused { exchange.fail(failure) }
  }

  private func popWaiting() -> WaitingExchange? {
    while let exchange = waiting.popFirst() {
      if exchange.isWaiting { return exchange }
    }
    return nil
  }
}

/// Bounds of the connections to one origin from one event loop.
struct OriginLimits {
  /// Connections open or being opened.
  var connections = 512
  /// Exchanges that wait for a connection.
  var waitingExchanges = 4096
}
