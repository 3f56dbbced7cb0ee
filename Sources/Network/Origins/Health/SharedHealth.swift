import Gateway
import NIOCore
import Synchronization

/// The health of one origin for all loops of a process: what one of them has met, the others need not meet too.
///
/// As long as nothing speaks against an origin, a request costs one look at a flag; only those to an origin in trouble take the
/// lock.
final class SharedHealth: Sendable {
  private let health: Mutex<OriginHealth>
  private let isInTrouble = Atomic(false)

  init(_ rules: PoolRules, isAlone: Bool = false) {
    health = Mutex(OriginHealth(rules, isAlone: isAlone))
  }

  func isOut(at now: NIODeadline) -> Bool {
    isInTrouble.load(ordering: .acquiring) && health.withLock { $0.isOut(at: now) }
  }

  func requestSent(at now: NIODeadline) {
    if isInTrouble.load(ordering: .acquiring) { change { $0.requestSent(at: now) } }
  }

  func requestSucceeded() -> OriginHealth.Change? {
    isInTrouble.load(ordering: .acquiring) ? change { $0.requestSucceeded() } : nil
  }

  func requestFailed(_ reason: String, at now: NIODeadline) -> OriginHealth.Change? {
    change { $0.requestFailed(reason, at: now) }
  }

  /// - Parameter failure: what was wrong, or nil.
  func checked(_ failure: String?) -> OriginHealth.Change? {
    change { health in failure.map { health.checkFailed($0) } ?? health.checkPassed() }
  }

  private func change<Value: Sendable>(_ body: (inout OriginHealth) -> Value) -> Value {
    health.withLock { health in
      defer { isInTrouble.store(!health.isWell, ordering: .releasing) }
      return body(&health)
    }
  }
}

/// The health of the origins of one service, in their order.
final class PoolHealth: Sendable {
  let origins: [SharedHealth]

  init(_ service: Service) {
    let isAlone = service.origins.count == 1
    origins = service.origins.map { _ in SharedHealth(service.pool, isAlone: isAlone) }
  }
}

/// The health of the origins of all services, of whose pools every loop has one of its own.
final class HealthOfServices: Sendable {
  private let pools = Mutex<[(service: Service, pool: Weakly)]>([])

  /// The same for each loop that asks, as long as one of them uses it. A service that a reload has changed begins anew.
  func health(of service: Service) -> PoolHealth {
    pools.withLock { pools in
      pools.removeAll { $0.pool.health == nil }
      if let known = pools.first(where: { $0.service == service })?.pool.health { return known }
      let health = PoolHealth(service)
      pools.append((service, Weakly(health: health)))
      return health
    }
  }

  private struct Weakly {
    weak var health: PoolHealth?
  }
}
