import Gateway

/// `listeners`, `routes` and `default_service` of an edge: addresses, and where what arrives there goes.
struct ListenerReading {
  private(set) var listeners: [EdgeConfiguration.Listener] = []
  private(set) var addresses: [ConfiguredAddress] = []
  private var fixed: [String: String] = [:]
  private var routes: [Route] = []
  private var defaultService: String?
  private let files: FileReader

  /// - Parameter overrides: with `--listen`, `--tcp` and `--proxy`, which stand together in place of all listeners of the file.
  init(_ section: Section, _ overrides: Overrides, files: FileReader) throws(ConfigurationError) {
    self.files = files
    try readFlags(overrides)
    if listeners.isEmpty { try readFile(section["listeners"]) }
    for element in try section["routes"]?.list() ?? [] { try readRoute(element) }
    defaultService = try section["default_service"]?.serviceName()
  }

  var policy: Policy {
    let names = Set(fixed.values).union(routes.map(\.service)).union(defaultService.map { [$0] } ?? [])
    var policy = Policy(
      routing: RoutingTable(
        services: names.sorted().map { Service(name: $0) }, answersToNames: false, listeners: fixed, routes: routes,
        defaultService: defaultService))
    policy.proxies = Set(listeners.filter { $0.kind == .proxy }.map(\.name))
    return policy
  }

  private mutating func readFlags(_ overrides: Overrides) throws(ConfigurationError) {
    for flag in overrides.listen { try add(Value(flag: "--listen", flag)) }
    for flag in overrides.tcp {
      let flag = try TunnelFlag(flag, example: "5432=postgres")
      try add(flag.address, kind: .tcp, service: try flag.target.serviceName())
    }
    for flag in overrides.proxy { try add(Value(flag: "--proxy", listeningAt: flag), kind: .proxy) }
  }

  private mutating func readFile(_ value: Value?) throws(ConfigurationError) {
    guard let value else {
      listeners = [EdgeConfiguration.defaultListener]
      addresses = [ConfiguredAddress(.tcp, EdgeConfiguration.defaultListener.address, origin: "listeners")]
      return
    }
    for element in try value.listOrOne() { try read(element) }
    if listeners.isEmpty { throw value.error("the list is empty", "add a listener, as in {address: 127.0.0.1:8080}") }
  }

  private mutating func read(_ value: Value) throws(ConfigurationError) {
    if value.isScalar { return try add(value) }
    let kinds = EdgeConfiguration.Listener.Kind.allCases
    let section = try value.section(kinds.map(\.rawValue) + ["service", "name", "tls"])
    let given = kinds.compactMap { kind in section[kind.rawValue].map { (kind: kind, address: $0) } }
    guard let (kind, address) = given.first else {
      throw value.error(
        "the listener has no address", "add address: 127.0.0.1:8080, tcp: 127.0.0.1:5432 or proxy: 127.0.0.1:3128")
    }
    guard given.count == 1 else {
      throw given[1].address.error("the listener has an address already, in \(kind.rawValue)", "make two listeners of it")
    }
    if kind == .tcp, section["service"] == nil {
      throw value.error("a listener for TCP is for one service, and none is named", "add service: NAME")
    }
    if kind == .proxy, let service = section["service"] {
      throw service.error(
        "each request of a proxy's client names where it goes", "remove service, or write address or tcp for proxy")
    }
    let certificate = try section["tls"].map { tls throws(ConfigurationError) in try ListenerCertificate(tls, files: files) }
    try add(
      address, kind: kind, name: section["name"], service: try section["service"]?.serviceName(), certificate: certificate)
  }

  private mutating func add(
    _ value: Value, kind: EdgeConfiguration.Listener.Kind = .http, name nameValue: Value? = nil, service: String? = nil,
    certificate: ListenerCertificate? = nil
  ) throws(ConfigurationError) {
    let address = try value.listenAddress(example: "127.0.0.1:8080")
    guard address.port == 0 || !listeners.contains(where: { $0.address == address }) else {
      throw value.error("two listeners have the address \(address)", "give each its own")
    }
    let name = try nameValue?.text() ?? address.description
    guard !listeners.contains(where: { $0.name == name }) else {
      throw (nameValue ?? value).error("two listeners have the name “\(name)”", "give each its own")
    }
    listeners.append(EdgeConfiguration.Listener(name: name, address: address, kind: kind, certificate: certificate))
    addresses.append(ConfiguredAddress(.tcp, address, from: value))
    fixed[name] = service
  }

  private mutating func readRoute(_ value: Value) throws(ConfigurationError) {
    let section = try value.section(["hosts", "path", "strip", "service"])
    guard let service = section["service"] else { throw value.error("the route names no service", "add service: NAME") }
    if let hosts = section["hosts"], hosts.isEmptyList { throw hosts.error("the list is empty", "fill it or remove the key") }
    let route = Route(
      hosts: try section["hosts"]?.hostPatterns() ?? [], pathPrefix: try section["path"]?.pathPrefix(),
      strip: try section["strip"]?.flag() ?? false, service: try service.serviceName())
    if route.strip, route.pathPrefix == nil, let strip = section["strip"] {
      throw strip.error("there is no path prefix to strip", "add path or remove strip")
    }
    guard !route.hosts.isEmpty || route.pathPrefix != nil else {
      throw value.error("the route takes every request", "add hosts or path, or write default_service instead")
    }
    if let earlier = routes.first(where: { $0.overlaps(route) }) {
      throw value.error("these requests go to the service “\(earlier.service)” already", "choose other hosts or another path")
    }
    routes.append(route)
  }
}
