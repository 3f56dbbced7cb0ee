import Events
import Exchange
import Gateway
import NIOCore
import NIOSSL
import Wires

/// The pools of one event loop, one for each service; replaced at a reload where the service changed.
final class OriginPools {
  private var pools: [String: (service: Service, pool: OriginPool)] = [:]
  private var tls: OriginTLSContexts
  private let loop: LoopContext
  private let hop: String
  private let limits: NetworkLimits
  private let originLimits: OriginLimits
  private let health: HealthOfServices
  private let runsChecks: Bool
  private let connectTimer: CoarseTimer
  private let tunnelCounts: TunnelCounts
  private var responseTimers: [Duration: CoarseTimer] = [:]

  /// - Parameters:
  ///   - tunnels: shared with the pools of the process's other loops.
  ///   - health: shared likewise.
  ///   - runsChecks: whether this loop's pools ask origins whether they are well, for all of them.
  init(
    loop: LoopContext, hop: String, limits: NetworkLimits, tls: OriginTLSContexts, tunnels: TunnelCounts,
    originLimits: OriginLimits = OriginLimits(), health: HealthOfServices = HealthOfServices(), runsChecks: Bool = true
  ) {
    tunnelCounts = tunnels
    self.originLimits = originLimits
    self.health = health
    self.runsChecks = runsChecks
    self.loop = loop
    self.hop = hop
    self.limits = limits
    self.tls = tls
    connectTimer = CoarseTimer(eventLoop: loop.eventLoop, limit: limits.originConnect + .seconds(1))
  }

  /// The pool of a service, made when it is first asked for.
  func pool(for service: Service) -> OriginPool {
    if let known = pools[service.name] { return known.pool }
    let pool = makePool(for: service)
    pools[service.name] = (service, pool)
    return pool
  }

  /// Makes the pools whose origins are to be asked whether they are well before anybody wants something of them.
  func prepare(_ services: [Service]) {
    guard runsChecks else { return }
    for service in services where service.pool.check != nil { _ = pool(for: service) }
  }

  /// Takes new services: pools of services that are gone or changed finish their exchanges and close.
  func reload(services: [Service], tls: OriginTLSContexts) {
    self.tls = tls
    let current = Dictionary(services.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for (name, entry) in pools where current[name] != entry.service {
      entry.pool.drain()
      pools[name] = nil
    }
    prepare(services)
  }

  func drain() {
    for entry in pools.values { entry.pool.drain() }
  }

  private func makePool(for service: Service) -> OriginPool {
    let health = health.health(of: service)
    let connectors = service.origins.map { connector(for: $0, trust: service.trust) }
    let connections = zip(connectors, health.origins).map { connector, health in
      let isShared = connector.origin.scheme == .h2c
      return OriginConnections(
        service: service.name, connector: connector,
        tunnels: isShared ? .shared(tunnelCounts) : .alone(tunnels(to: connector.origin, trust: service.trust)), turn: loop.turn,
        events: loop.events, limits: originLimits, connectTimer: connectTimer, health: health)
    }
    let limit = service.responseHeadTimeout
    let pool = OriginPool(service, origins: connections, health: health, responseTimer: limit.map(responseTimer))
    if runsChecks, let check = service.pool.check { pool.start(check, connectors: connectors, turn: loop.turn) }
    return pool
  }

  /// Opens tunnels to a host that no service names.
  func tunnels(to target: TunnelTarget) -> any ExchangeHandler {
    tunnels(to: OriginURL(scheme: .tcp, host: target.host, port: target.port), trust: .system)
  }

  private func tunnels(to origin: OriginURL, trust: OriginTrust) -> OriginTunnels {
    OriginTunnels(connector: connector(for: origin, trust: trust, isTunnel: true), turn: loop.turn, counts: tunnelCounts)
  }

  /// - Parameter isTunnel: for connections that carry one tunnel each. HTTP/2 would put further streams beside it, and few
  ///   servers take tunnels on those, so ALPN offers HTTP/1.1 alone.
  private func connector(for origin: OriginURL, trust: OriginTrust, isTunnel: Bool = false) -> OriginConnector {
    let context = OriginWireContext(name: "\(origin)", hop: hop, events: loop.events, limits: limits.messages)
    let tls = origin.scheme == .https ? (isTunnel ? tls.forTunnels(trust) : tls[trust]) : nil
    return OriginConnector(origin: origin, tls: tls, timeout: limits.originConnect, isTunnel: isTunnel) {
      [silence = originLimits.silence] wire in
      switch wire {
      case .http1, .http3: HTTP1OriginWire(context)
      case .http2: HTTP2OriginWire(context, silence: silence)
      case .tcp: TCPOriginWire(context)
      }
    }
  }

  private func responseTimer(_ limit: Duration) -> CoarseTimer {
    if let timer = responseTimers[limit] { return timer }
    let timer = CoarseTimer(eventLoop: loop.eventLoop, limit: TimeAmount(limit))
    responseTimers[limit] = timer
    return timer
  }
}

/// TLS towards origins, one context for each way of trusting them; made once and shared by the loops.
struct OriginTLSContexts: Sendable {
  private var contexts: [OriginTrust: (shared: NIOSSLContext, tunnels: NIOSSLContext)] = [:]

  /// - Parameter followsRedirects: whether any service may lead to https, whatever its origins speak.
  /// - Throws: when authorities cannot be read as PEM.
  init(services: [Service], followsRedirects: Bool = false) throws {
    for service in services where followsRedirects || service.origins.contains(where: { $0.scheme == .https }) {
      try add(service.trust)
    }
  }

  private mutating func add(_ trust: OriginTrust) throws {
    guard contexts[trust] == nil else { return }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.applicationProtocols = ["h2", "http/1.1"]
    if case .authorities(let pem) = trust { configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(pem)) }
    let shared = try NIOSSLContext(configuration: configuration)
    configuration.applicationProtocols = ["http/1.1"]
    contexts[trust] = (shared, try NIOSSLContext(configuration: configuration))
  }

  subscript(trust: OriginTrust) -> NIOSSLContext? { contexts[trust]?.shared }

  /// For connections that carry one tunnel each.
  func forTunnels(_ trust: OriginTrust) -> NIOSSLContext? { contexts[trust]?.tunnels }
}
