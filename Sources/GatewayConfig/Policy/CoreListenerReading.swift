import Gateway

/// `listeners` of a core: addresses, and how what arrives there finds an edge.
struct CoreListenerReading {
  private(set) var listeners: [CoreConfiguration.Listener] = []
  private(set) var addresses: [ConfiguredAddress] = []
  private var routes: [String: EdgeRoute] = [:]
  private let files: FileReader

  /// - Parameter flags: `--tcp`, in place of all listeners of the file.
  init(_ value: Value?, flags: [String], files: FileReader) throws(ConfigurationError) {
    self.files = files
    for flag in flags { try read(flag: flag) }
    guard flags.isEmpty, let value else { return }
    for element in try value.list() { try read(element) }
    if listeners.isEmpty { throw value.error("the list is empty", "add a listener or remove the key") }
  }

  var edgeRoutes: EdgeRoutes { EdgeRoutes(routes) }

  private mutating func read(flag: String) throws(ConfigurationError) {
    let flag = try TunnelFlag(flag, example: "2222=ssh@shop-17")
    let target = try flag.target.text()
    guard let at = target.firstIndex(of: "@") else {
      throw flag.target.error("“\(target)” names no edge", "write SERVICE@EDGE, as in --tcp 2222=ssh@shop-17")
    }
    let service = try Value(flag: "--tcp", String(target[..<at])).serviceName()
    let edge = try Value(flag: "--tcp", String(target[target.index(after: at)...])).identity()
    try add(flag.address, kind: .tcp, route: .fixed(EdgeTarget(service: service, edges: .edge(edge))))
  }

  private mutating func read(_ value: Value) throws(ConfigurationError) {
    let section = try value.section([
      "address", "tcp", "name", "tls", "service", "edge", "group", "suffix", "edge_field", "service_field", "balance",
    ])
    let kinds = CoreConfiguration.Listener.Kind.allCases
    let given = kinds.compactMap { kind in section[kind.rawValue].map { (kind: kind, address: $0) } }
    guard let (kind, addressValue) = given.first else {
      throw value.error("the listener has no address", "add address: 127.0.0.1:9080 or tcp: 127.0.0.1:2222")
    }
    guard given.count == 1 else {
      throw given[1].address.error("the listener has an address already, in \(kind.rawValue)", "make two listeners of it")
    }
    if kind == .tcp, let way = section["suffix"] ?? section["edge_field"] {
      throw way.error(
        "a TCP connection has neither a host nor fields", "write edge: NAME or group: {LABEL: VALUE}, and service: NAME")
    }
    let certificate = try section["tls"].map { tls throws(ConfigurationError) in try ListenerCertificate(tls, files: files) }
    try add(addressValue, kind: kind, route: try Self.route(value, section), name: section["name"], certificate: certificate)
  }

  private mutating func add(
    _ addressValue: Value, kind: CoreConfiguration.Listener.Kind, route: EdgeRoute, name nameValue: Value? = nil,
    certificate: ListenerCertificate? = nil
  ) throws(ConfigurationError) {
    let address = try addressValue.listenAddress(example: "127.0.0.1:9080")
    guard address.port == 0 || !listeners.contains(where: { $0.address == address }) else {
      throw addressValue.error("two listeners have the address \(address)", "give each its own")
    }
    let name = try nameValue?.text() ?? address.description
    guard routes[name] == nil else {
      throw (nameValue ?? addressValue).error("two listeners have the name “\(name)”", "give each its own")
    }
    routes[name] = route
    listeners.append(CoreConfiguration.Listener(name: name, address: address, kind: kind, certificate: certificate))
    addresses.append(ConfiguredAddress(.tcp, address, from: addressValue))
  }

  private static func route(_ value: Value, _ section: Section) throws(ConfigurationError) -> EdgeRoute {
    let ways = ["edge", "group", "suffix", "edge_field"].compactMap { section[$0] }
    guard let way = ways.first else {
      throw value.error(
        "nothing says which edge requests go to",
        "add edge: NAME, group: {LABEL: VALUE}, suffix: edges.example or edge_field: X-Edge")
    }
    if ways.count > 1 { throw ways[1].error("\(way.path) says already which edge requests go to", "keep one of them") }
    let balance = try section["balance"]?.choice(EdgeBalance.self) ?? .roundRobin
    if section["suffix"] != nil {
      for key in ["service", "service_field"] {
        if let other = section[key] { throw other.error("the host says the service where suffix is given", "remove \(key)") }
      }
      return .byHost(suffix: try way.hostSuffix(), balance)
    }
    if let field = section["edge_field"] {
      return .byField(edge: try field.fieldName(), service: try serviceName(value, section), balance)
    }
    if let field = section["service_field"] {
      throw field.error("only a listener with edge_field has one", "write service: NAME")
    }
    guard let service = section["service"] else { throw value.error("the listener names no service", "add service: NAME") }
    let edges: EdgeSelection = section["edge"] != nil ? .edge(try way.identity()) : .group(try way.group())
    return .fixed(EdgeTarget(service: try service.serviceName(), edges: edges, balance: balance))
  }

  private static func serviceName(_ value: Value, _ section: Section) throws(ConfigurationError) -> EdgeRoute.ServiceName {
    switch (section["service"], section["service_field"]) {
    case (let service?, nil): return .fixed(try service.serviceName())
    case (nil, let field?): return .field(try field.fieldName())
    case (_?, let field?): throw field.error("service names it already", "keep one of them")
    case (nil, nil):
      throw value.error("nothing says which service requests are for", "add service: NAME or service_field: X-Service")
    }
  }
}

extension Value {
  fileprivate func identity() throws(ConfigurationError) -> String {
    let name = try text()
    guard IdentityPattern(name) != nil, !name.contains("*") else {
      throw error("“\(name)” is not the name of an edge", "write the name in its certificate")
    }
    return name
  }

  /// `any`, or labels that an edge must have.
  fileprivate func group() throws(ConfigurationError) -> [String: String] {
    if isScalar, (try? choice(AnyEdge.self)) != nil { return [:] }
    let labels = try labels()
    if labels.isEmpty { throw error("the group has no label", "add one, or write any for all edges") }
    return labels
  }

  private enum AnyEdge: String, CaseIterable {
    case any
  }

  fileprivate func hostSuffix() throws(ConfigurationError) -> [UInt8] {
    let name = try text()
    guard Route.isHostPattern(name), !name.hasPrefix("*"), !name.hasPrefix(".") else {
      throw error("“\(name)” is not a host name", "write what follows SERVICE.EDGE in host names, as in edges.example")
    }
    return Array(name.lowercased().utf8)
  }

  fileprivate func fieldName() throws(ConfigurationError) -> RoutingField {
    let name = try text()
    guard let field = RoutingField(name) else { throw error("“\(name)” is not the name of a field", "write one, as in X-Edge") }
    return field
  }
}
