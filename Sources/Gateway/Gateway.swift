public import Events
public import Exchange
import HTTPMessage
public import NIOCore

/// Decides for every request where it goes, whether it may, and what its head says afterwards; then stays out of the way.
///
/// One object an event loop, used on that loop only. It never touches a socket or a wire: requests come from whoever calls
/// `open(_:respondingTo:)` and go to the handlers that `Destinations` names.
public final class Gateway: ExchangeHandler {
  /// What new requests are held against; exchanges in flight keep the policy that they began with.
  public var policy: Policy

  let hop: Hop
  let events: any EventSink
  let now: () -> NIODeadline
  let destinations: Destinations
  /// Opens tunnels to hosts that no service names; nil where there are none.
  let targets: ((TunnelTarget) -> any ExchangeHandler)?
  var rewriting: HeadRewriting

  /// - Parameters:
  ///   - hop: who this process is, and which way it passes requests.
  ///   - destinations: where requests go.
  ///   - targets: opens tunnels to hosts that no service names, where the policy's `tunnels` allow it.
  ///   - events: told once of every exchange, when it is over.
  ///   - now: the loop's clock.
  public init(
    hop: Hop, policy: Policy, destinations: Destinations, targets: ((TunnelTarget) -> any ExchangeHandler)? = nil,
    events: any EventSink, now: @escaping () -> NIODeadline
  ) {
    self.hop = hop
    self.policy = policy
    self.destinations = destinations
    self.targets = targets
    self.events = events
    self.now = now
    rewriting = HeadRewriting(hop: hop)
  }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let passage = Passage(request, client: sink, gateway: self)
    do throws(GatewayError) {
      let dispatch = try dispatch(request, for: passage)
      switch dispatch.way {
      case .handler(let handler): passage.begin(handler.open(dispatch.request, respondingTo: passage))
      case .edge(let target, let registry): passage.begin(registry.open(dispatch.request, at: target, respondingTo: passage))
      }
    } catch {
      passage.fail(error)
    }
    return passage
  }
}

extension Gateway {
  /// The index of the event loop that new connections of a listener are better served on than on this one: all that they can ask
  /// for now would cross to it. Nil where this loop is as good as any other.
  public func otherLoop(for listener: String) -> Int? {
    guard case .edges(let registry) = destinations else { return nil }
    return registry.otherLoop(serving: policy.edgeRoutes.fixedTarget(of: listener))
  }

  /// Where an exchange goes on, and with which head.
  struct Dispatch {
    let way: Way
    let request: ExchangeRequest

    enum Way {
      case handler(any ExchangeHandler)
      case edge(EdgeTarget, EdgeRegistry)
    }
  }

  private func dispatch(_ request: ExchangeRequest, for passage: Passage) throws(GatewayError) -> Dispatch {
    let head = request.head
    if head.isConnect, head.protocol == nil { return try dispatchTunnel(request, for: passage) }
    try checkKind(of: request)
    let authority = try checkedAuthority(of: head)
    try checkLoop(head)
    let client = try clientAuthority(of: head, authority)
    if case .edges(let registry) = destinations { return try dispatch(request, to: registry, authority, client, for: passage) }
    let decision = try route(request, authority)
    if let decision {
      passage.service = decision.service.name
      try checkAccess(request.origin.identity, to: decision.service)
    }

    var rewritten = request
    switch (destinations, decision) {
    case (.link(let link, let wire), _):
      passage.destinationWire = wire.rawValue
      rewriting.addressToLink(
        &rewritten.head, from: request.origin, client: client,
        service: decision.map { $0.service.nameBytes[...] } ?? authority.host)
      if let decision { rewriting.strip(decision.strippedByteCount, fromPathOf: &rewritten.head) }
      return Dispatch(way: .handler(link), request: rewritten)
    case (.origins, let decision?) where decision.service.isTunnelled:
      throw GatewayError(
        .httpRequestDenied, side: .client, retry: .safe,
        message: """
          the service “\(decision.service.name)” is reached by CONNECT, not by requests; use a listener with tcp: on the edge
          """)
    case (.origins(let pool), let decision?):
      passage.answerUrgency = decision.service.urgency
      passage.destinationWire = decision.service.origins.first?.scheme.wireName ?? passage.destinationWire
      rewriting.addressToOrigin(&rewritten.head, from: request.origin, client: client, service: decision.service)
      rewriting.strip(decision.strippedByteCount, fromPathOf: &rewritten.head, basePath: decision.service.basePathBytes)
      return Dispatch(way: .handler(pool(decision.service)), request: rewritten)
    case (.origins, nil), (.edges, _):
      throw GatewayError(
        .destinationNotFound, side: .client, retry: .safe,
        message: "no service answers to “\(printable(authority.host))”; name one in services or set default_service")
    }
  }

  /// From a listener of the core: the edge decides by the service's name alone.
  private func dispatch(
    _ request: ExchangeRequest, to registry: EdgeRegistry, _ authority: Authority, _ client: ArraySlice<UInt8>,
    for passage: Passage
  ) throws(GatewayError) -> Dispatch {
    try checkPath(of: request.head)
    let listener = request.origin.listener
    let target = try policy.edgeRoutes.target(listener: listener, head: request.head, host: authority.host)
    if policy.edgeRoutes.services.contains(target.service) { passage.service = target.service }
    passage.destinationWire = WireProtocol.http3.rawValue
    var rewritten = request
    for field in policy.edgeRoutes.routingFields(of: listener) { rewritten.head.fields.remove(field) }
    rewriting.addressToLink(&rewritten.head, from: request.origin, client: client, service: Array(target.service.utf8)[...])
    return Dispatch(way: .edge(target, registry), request: rewritten)
  }

  func checkLoop(_ head: RequestHead) throws(GatewayError) {
    guard ViaField.names(hop.nameBytes, in: head.fields) || CDNLoopField.names(hop.nameBytes, in: head.fields) else { return }
    throw GatewayError(
      .loopDetected, side: hop.side, retry: .safe,
      message: "the request has passed this hop before; an origin or a route leads back to where the request came from")
  }

  /// Whether requests of this kind are taken where it came in.
  private func checkKind(of request: ExchangeRequest) throws(GatewayError) {
    if !policy.proxies.isEmpty, policy.proxies.contains(request.origin.listener) {
      throw GatewayError(
        .httpRequestDenied, side: .client, retry: .safe,
        message: """
          the listener “\(request.origin.listener)” is a proxy for CONNECT alone; send other requests to a listener with address:
          """)
    }
    guard let name = request.head.protocol else { return }
    guard request.head.isConnect, FieldRules.isTunnelProtocol(name) else {
      throw GatewayError(
        .httpRequestError, side: .client, retry: .safe,
        message: "only CONNECT may have :protocol (RFC 8441), and not with a version of HTTP or TLS in it")
    }
    if case .link = destinations, !policy.passesUpgrades {
      throw GatewayError(
        .httpUpgradeFailed, side: hop.side, retry: .safe,
        message: "WebSocket and other upgrades are not passed on; link.extended_connect is off")
    }
  }

  /// The request's authority; a message without one, with two different ones or with user information is malformed
  /// (RFC 9114 §4.3.1).
  private func checkedAuthority(of head: RequestHead) throws(GatewayError) -> Authority {
    guard let bytes = head.authority, let authority = Authority(bytes) else {
      throw GatewayError(
        .httpRequestError, side: .client, retry: .safe,
        message: "the request names no valid host; send a Host field with name and port")
    }
    guard let host = head.fields.first(.host) else { return authority }
    guard host.elementsEqual(bytes), head.fields.all(.host).count == 1 else {
      throw GatewayError(
        .httpRequestError, side: .client, retry: .safe,
        message: "Host and :authority of the request differ; send the same name in both")
    }
    return authority
  }

  /// What the client itself asked for: on the link it travels in `Forwarded`.
  private func clientAuthority(of head: RequestHead, _ authority: Authority) throws(GatewayError) -> ArraySlice<UInt8> {
    guard let own = head.authority else { return authority.host }
    guard case .origins = destinations else { return own }
    switch ForwardedField.clientHost(in: head.fields) {
    case .absent: return own
    case .host(let host) where Authority(host) != nil: return host
    case .host, .malformed:
      throw GatewayError(
        .httpRequestError, side: .client, retry: .safe,
        message: "the request's Forwarded field cannot be read; send a valid one or none")
    }
  }

  /// - Returns: nil on the way to the link for a request that no rule takes: it goes on under its own host name.
  private func route(_ request: ExchangeRequest, _ authority: Authority) throws(GatewayError) -> RoutingTable.Decision? {
    let path = try checkPath(of: request.head)
    let decision = policy.routing.route(listener: request.origin.listener, authority: authority, path: path)
    if let decision, decision.isByPath, PathPrefix.hasDotSegment(path) {
      throw GatewayError(
        .httpRequestError, side: .client, retry: .safe,
        message: "the path has “.” or “..” segments, so no path prefix can be told from it")
    }
    return decision
  }

  @discardableResult
  private func checkPath(of head: RequestHead) throws(GatewayError) -> ArraySlice<UInt8> {
    guard let path = head.path, path.first == UInt8(ascii: "/") || path.elementsEqual(CollectionOfOne(UInt8(ascii: "*"))) else {
      throw GatewayError(
        .httpRequestError, side: .client, retry: .safe, message: "the path of the request does not begin with “/”")
    }
    return path
  }

  func checkAccess(_ identity: String?, to service: Service) throws(GatewayError) {
    guard !policy.access.allows(identity, service: service.name) else { return }
    throw GatewayError(
      .httpRequestDenied, side: .client, retry: .safe,
      message: "\(who(identity)) may not use the service “\(service.name)”; see access")
  }

  func who(_ identity: String?) -> String {
    identity.map { "“\($0)”" } ?? "a client without a certificate"
  }

  private func printable(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix(80), as: UTF8.self)
  }
}

extension Hop {
  var side: GatewayError.Side { role == .edge ? .edge : .core }
}
