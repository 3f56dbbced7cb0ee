import DequeModule
import Events
import Exchange
import Gateway
import NIOCore
import Wires

/// The connections of one event loop to the origins of one service, as the handler that the gateway sends its exchanges to.
///
/// Connections are kept alive and shared; an exchange that finds none with room waits while one is opened.
final class OriginPool: ExchangeHandler {
  var name: String { service.name }
  private let service: Service
  private let origins: [OriginConnections]
  /// Held, so that the other loops find it.
  private let health: PoolHealth
  /// Bounds the wait for the head of an answer; nil for no bound.
  private let responseTimer: CoarseTimer?
  private var rotation: OriginRotation
  private var checks: [OriginCheck] = []

  init(_ service: Service, origins: [OriginConnections], health: PoolHealth, responseTimer: CoarseTimer?) {
    self.service = service
    self.origins = origins
    self.health = health
    self.responseTimer = responseTimer
    rotation = OriginRotation(service.pool.shares, count: origins.count)
  }

  /// Asks the origins whether they are well, each over the connector that belongs to it, until the pool drains.
  func start(_ check: HealthCheck, connectors: [OriginConnector], turn: LoopTurn) {
    checks = zip(origins, connectors).map { origin, connector in
      OriginCheck(check, connector: connector, turn: turn) { [weak origin] in origin?.checked($0) }
    }
    for check in checks { check.start() }
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = OriginExchange(request, pool: self, respondingTo: sink)
    exchange.begin()
    return exchange
  }

  /// Runs `action` when an answer should have begun; nil where the service sets no limit.
  func beginWait(_ action: @escaping () -> Void) -> LimitedWait? {
    responseTimer?.begin(action)
  }

  /// How many connections an exchange may be refused before anything of it was sent: an origin each.
  var attemptLimit: Int { min(origins.count, 4) }

  /// Exchanges that wait for a connection.
  var waitingCount: Int { origins.reduce(0) { $0 + $1.waitingCount } }

  /// Chooses an origin, by weight and turn, passing over those that are out of use.
  ///
  /// - Parameter tried: those that have failed the exchange before.
  func choose(avoiding tried: [OriginConnections]) -> OriginConnections {
    let now = NIODeadline.now()
    let index = rotation.next(
      where: { !origins[$0].isOut(at: now) }, unless: { index in tried.contains { $0 === origins[index] } })
    origins[index].chosen(at: now)
    return origins[index]
  }

  /// Whether the origin with that number is passed over now.
  func isOut(_ index: Int) -> Bool { origins[index].isOut(at: .now()) }

  /// Whether an exchange that these have failed may hope for another.
  func hasOther(than tried: [OriginConnections]) -> Bool {
    let now = NIODeadline.now()
    return origins.contains { origin in !origin.isOut(at: now) && !tried.contains { $0 === origin } }
  }

  /// Opens the exchange at an origin that was chosen for it.
  ///
  /// - Parameter avoidsIdle: true after a connection was lost under the exchange: it then gets one that is known to live.
  func open(
    _ request: ExchangeRequest, at origin: OriginConnections, respondingTo sink: any ResponseSink, avoidsIdle: Bool
  ) -> (sink: any RequestSink, wasIdle: Bool) {
    var request = request
    service.readdress(&request.head, to: origin.origin)
    return origin.open(request, respondingTo: sink, avoidsIdle: avoidsIdle)
  }

  /// No further exchanges on the present connections; they close when they are idle.
  func drain() {
    for check in checks { check.stop() }
    for origin in origins { origin.drain() }
  }
}
