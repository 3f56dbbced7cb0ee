import Exchange
import HTTPMessage

/// How the core's listeners find the edge and the service that a request is for.
public struct EdgeRoutes: Sendable {
  /// The names of services that listeners are bound to.
  public let services: Set<String>
  private let routes: [(listener: String, route: EdgeRoute)]

  /// No listener.
  public static let none = EdgeRoutes([:])

  /// - Parameter listeners: by listener name.
  public init(_ listeners: [String: EdgeRoute]) {
    routes = listeners.map { ($0.key, $0.value) }
    services = Set(
      listeners.values.compactMap { route in
        switch route {
        case .fixed(let target): target.service
        case .byField(_, .fixed(let service), _): service
        case .byHost, .byField: nil
        }
      })
  }

  /// - Throws: when the request names no edge or no service.
  func target(listener: String, head: RequestHead, host: ArraySlice<UInt8>) throws(GatewayError) -> EdgeTarget {
    guard let route = routes.first(where: { $0.listener == listener })?.route else {
      throw GatewayError(
        .destinationNotFound, side: .core, retry: .safe, message: "the listener “\(listener)” leads nowhere any more")
    }
    switch route {
    case .fixed(let target): return target
    case .byHost(let suffix, let balance): return try Self.target(host, suffix, balance)
    case .byField(let edge, let service, let balance):
      let identity = EdgeRecord.key(try Self.text(edge, in: head, of: "edge"))
      switch service {
      case .fixed(let name): return EdgeTarget(service: name, edges: .edge(identity), balance: balance)
      case .field(let field):
        let name = try Self.text(field, in: head, of: "service")
        guard Service.isName(name) else {
          throw GatewayError(
            .httpRequestError, side: .client, retry: .safe,
            message: "the field \(field.name) of the request holds no name of a service")
        }
        return EdgeTarget(service: name, edges: .edge(identity), balance: balance)
      }
    }
  }

  /// Where all requests of a listener go; nil where each says it itself.
  func fixedTarget(of listener: String) -> EdgeTarget? {
    guard case .fixed(let target)? = routes.first(where: { $0.listener == listener })?.route else { return nil }
    return target
  }

  /// The fields by which requests of a listener say where they go; they end here.
  func routingFields(of listener: String) -> [FieldName] {
    guard case .byField(let edge, let service, _)? = routes.first(where: { $0.listener == listener })?.route else { return [] }
    if case .field(let field) = service { return [edge.name, field.name] }
    return [edge.name]
  }

  /// `<service>.<edge>.<suffix>`; an identity may have dots, a service that is asked for in this way has none.
  private static func target(
    _ host: ArraySlice<UInt8>, _ suffix: [UInt8], _ balance: EdgeBalance
  ) throws(GatewayError) -> EdgeTarget {
    let name = host.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
    let dot = UInt8(ascii: ".")
    let front = name.dropLast(suffix.count + 1)
    if name.elementsEqual(front + [dot] + suffix), let end = front.firstIndex(of: dot), end > 0, end < front.count - 1 {
      let identity = String(decoding: front[(end + 1)...], as: UTF8.self)
      return EdgeTarget(service: String(decoding: front[..<end], as: UTF8.self), edges: .edge(identity), balance: balance)
    }
    throw GatewayError(
      .destinationNotFound, side: .client, retry: .safe,
      message: "the host names no edge; ask for SERVICE.EDGE.\(String(decoding: suffix, as: UTF8.self))")
  }

  private static func text(_ field: RoutingField, in head: RequestHead, of what: String) throws(GatewayError) -> String {
    let values = head.fields.all(field.name)
    guard values.count == 1, let value = values.first, !value.isEmpty, value.count <= 253 else {
      throw GatewayError(
        .httpRequestError, side: .client, retry: .safe,
        message: "the request does not name one \(what); send its name in the field \(field.name)")
    }
    return String(decoding: value, as: UTF8.self)
  }
}

/// How one listener finds them.
public enum EdgeRoute: Sendable {
  /// Every request goes there.
  case fixed(EdgeTarget)
  /// By the host `<service>.<edge>.<suffix>`. The suffix is lower case and begins without a dot.
  case byHost(suffix: [UInt8], EdgeBalance)
  /// By fields of the request.
  case byField(edge: RoutingField, service: ServiceName, EdgeBalance)

  public enum ServiceName: Sendable {
    case fixed(String)
    case field(RoutingField)
  }
}

/// A field of requests that says where they go.
public struct RoutingField: Sendable {
  let name: FieldName

  /// Nil for a text that is no field's name (RFC 9110 §5.1), or the name of one that means something else on every request.
  public init?(_ text: String) {
    let bytes = text.lowercased().utf8
    guard !bytes.isEmpty, FieldRules.isToken(bytes) else { return nil }
    if Self.taken.contains(where: { $0.bytes.elementsEqual(bytes) }) { return nil }
    name = FieldName(text.lowercased())
  }

  private static let taken: [FieldName] = [
    .host, .connection, .contentLength, .contentType, .te, .trailer, .transferEncoding, .upgrade, .via, .forwarded, .quicgwEdge,
  ]
}
