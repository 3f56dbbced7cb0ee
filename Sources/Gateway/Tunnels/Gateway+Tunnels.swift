import Exchange
import HTTPMessage

/// Where a plain CONNECT goes (RFC 9110 §9.3.6, RFC 9114 §4.4). One with `:protocol` is routed as any other request is.
extension Gateway {
  func dispatchTunnel(_ request: ExchangeRequest, for passage: Passage) throws(GatewayError) -> Dispatch {
    guard let authority = request.head.authority, let target = TunnelTarget(authority) else {
      throw GatewayError(
        .httpRequestError, side: .client, retry: .safe,
        message: "CONNECT names no valid host and port; write host:port, as in db.internal:5432")
    }
    try checkLoop(request.head)
    return switch destinations {
    case .link(let link, let wire): try tunnel(request, to: target, over: link, wire, for: passage)
    case .origins(let pool): try tunnel(request, to: target, of: pool, for: passage)
    case .edges(let registry): try tunnel(request, to: target, at: registry, for: passage)
    }
  }

  /// Towards the other end: to the service of a TCP listener, or from a proxy's client to whatever it names.
  private func tunnel(
    _ request: ExchangeRequest, to target: TunnelTarget, over link: any ExchangeHandler, _ wire: WireProtocol,
    for passage: Passage
  ) throws(GatewayError) -> Dispatch {
    passage.destinationWire = wire.rawValue
    let listener = request.origin.listener
    var authority = target.description
    if policy.proxies.contains(listener) {
      // The other end has the rules.
    } else if request.origin.wire == .tcp, let service = policy.routing.service(fixedTo: listener) {
      passage.service = service.name
      authority = "\(service.name):\(target.port)"
    } else {
      throw noConnect(at: listener)
    }
    var rewritten = request
    rewriting.addressToLink(
      &rewritten.head, from: request.origin, client: Array(target.description.utf8)[...], service: Array(authority.utf8)[...])
    return Dispatch(way: .handler(link), request: rewritten)
  }

  /// From a TCP listener of the core to the service of an edge that the listener is bound to.
  private func tunnel(
    _ request: ExchangeRequest, to target: TunnelTarget, at registry: EdgeRegistry, for passage: Passage
  ) throws(GatewayError) -> Dispatch {
    guard request.origin.wire == .tcp else { throw noConnect(at: request.origin.listener) }
    let host = Array(target.host.utf8)[...]
    let edge = try policy.edgeRoutes.target(listener: request.origin.listener, head: request.head, host: host)
    if policy.edgeRoutes.services.contains(edge.service) { passage.service = edge.service }
    passage.destinationWire = WireProtocol.http3.rawValue
    var rewritten = request
    rewriting.addressToLink(
      &rewritten.head, from: request.origin, client: Array(target.description.utf8)[...],
      service: Array("\(edge.service):\(target.port)".utf8)[...])
    return Dispatch(way: .edge(edge, registry), request: rewritten)
  }

  private func noConnect(at listener: String) -> GatewayError {
    GatewayError(
      .httpRequestDenied, side: .client, retry: .safe,
      message: "the listener “\(listener)” takes no CONNECT; on an edge a listener with proxy: in place of address: does")
  }

  /// To an origin: of the service that is named, or to a target that the rules open to this identity. Nothing else is reached.
  private func tunnel(
    _ request: ExchangeRequest, to target: TunnelTarget, of pool: (Service) -> any ExchangeHandler, for passage: Passage
  ) throws(GatewayError) -> Dispatch {
    let identity = request.origin.identity
    passage.destinationWire = WireProtocol.tcp.rawValue
    if let service = service(at: target, for: request) {
      passage.service = service.name
      try checkAccess(identity, to: service)
      return Dispatch(way: .handler(pool(service)), request: request)
    }
    guard let targets, policy.tunnels.allow(identity, to: target, under: policy.access) else {
      throw GatewayError(
        .httpRequestDenied, side: .client, retry: .safe,
        message: "\(who(identity)) may not be connected to \(target); name it in a service with tcp:// or in connect")
    }
    return Dispatch(way: .handler(targets(target)), request: request)
  }

  /// The service that a tunnel is for. The other end's TCP listeners name it and their own port. Clients of proxies name hosts:
  /// what they mean is a service only with its origins' port, for `git:443` is not the service `git` on port 22. An edge that
  /// writes a listener's mark itself gains nothing: it gets a service that it could name with the right port, under the same
  /// access rules.
  private func service(at target: TunnelTarget, for request: ExchangeRequest) -> Service? {
    guard let service = policy.routing.services.first(where: { $0.name == target.host && $0.isTunnelled }) else { return nil }
    let isForListener = ViaField.lastHopTook("TCP", in: request.head.fields)
    return isForListener || service.origins.contains { $0.port == target.port } ? service : nil
  }
}
