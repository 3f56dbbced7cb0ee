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
  /// Bounds the wait for the head of an answer; nil for no bound.
  private let responseTimer: CoarseTimer?
  private var rotation: OriginRotation
  private var checks: [OriginCheck] = []

  init(_ service: Service, origins: [OriginConnections], responseTimer: CoarseTimer?) {
    self.service = service
    self.origins = origins
    self.responseTimer = responseTimer
    rotation = OriginRotation(service.pool.shares, count: origins.count)
  }

  /// Begins to ask the origins whether they are well, where the service says so.
  func startChecks(on eventLoop: any EventLoop) {
    guard let check = service.pool.check, checks.isEmpty else { return }
    checks = origins.map { origin in OriginCheck(check, of: origin, eventLoop: eventLoop) { [weak origin] in origin?.checked($0) } }
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

  /// Chooses an origin, by weight and turn, passing over those that just failed, and opens the exchange there.
  ///
  /// - Parameter avoidsIdle: true after a connection was lost under the exchange: it then gets one that is known to live.
  func dispatch(
    _ request: ExchangeRequest, respondingTo sink: any ResponseSink, avoidsIdle: Bool
  ) -> (sink: any RequestSink, origin: OriginConnections) {
    let now = NIODeadline.now()
    let chosen = origins[rotation.next { !origins[$0].isResting(at: now) }]
    var request = request
    service.readdress(&request.head, to: chosen.origin)
    return (chosen.open(request, respondingTo: sink, avoidsIdle: avoidsIdle), chosen)
  }

  /// No further exchanges on the present connections; they close when they are idle.
  func drain() {
    for check in checks { check.stop() }
    for origin in origins { origin.drain() }
  }
}
