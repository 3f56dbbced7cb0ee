import Gateway

/// `services` of a core and `expose` of an edge: names with what is behind them, and the routes that lead there by host and path.
struct ServiceReading {
  private(set) var services: [Service] = []
  private(set) var routes: [Route] = []
  /// Where the authorities of origins were read from.
  private(set) var authorityFiles: [String] = []

  /// Whether the other end asks for them by name alone, so that nothing of a request has a say.
  private let isExposed: Bool

  /// - Parameter flags: `--service NAME=URL` or `--expose NAME=URL`, which win over services of the file with the same name.
  init(_ value: Value?, flags: [String], files: FileReader, isExposed: Bool = false) throws(ConfigurationError) {
    self.isExposed = isExposed
    let flagged = try Self.flagged(flags, flag: isExposed ? "--expose" : "--service")
    for entry in try value?.mapping().entries ?? [] {
      guard Service.isName(entry.name) else {
        throw entry.key.error(
          "“\(entry.name)” cannot be the name of a service", "use lower-case letters, digits, “-”, “_” and “.”")
      }
      if flagged.contains(where: { $0.name == entry.name }) { continue }
      try read(entry.name, entry.value, files)
    }
    services += flagged
    if isExposed, services.count > Service.maximumExposedCount {
      let value = value ?? Value(flag: "--expose", flags.last ?? "")
      throw value.error("\(services.count) services are exposed", "expose \(Service.maximumExposedCount) or fewer")
    }
  }

  private mutating func read(_ name: String, _ value: Value, _ files: FileReader) throws(ConfigurationError) {
    if value.isScalar || value.isList {
      services.append(Service(name: name, origins: try Self.origins(value)))
      return
    }
    let section = try value.section(isExposed ? Self.originKeys : Self.originKeys + Self.routeKeys) { key in
      Self.routeKeys.contains(key) ? "the core asks for an exposed service by its name" : nil
    }
    guard let originsValue = section["origins"] else {
      throw value.error("the service has no origins", "add origins: [http://host:port]")
    }
    let origins = try Self.origins(originsValue)
    if origins[0].scheme == .tcp, let other = section.entries.first(where: { $0.name != "origins" }) {
      throw other.key.error("nothing is known of what crosses to a tcp:// origin but bytes", "remove the key")
    }
    var trust = OriginTrust.system
    if let ca = section["ca"] {
      guard origins.contains(where: { $0.scheme == .https }) else {
        throw ca.error("no origin of the service is reached by https://", "remove ca or change the origins")
      }
      let file = try ca.text()
      let pem = try files.pem(of: file, named: ca, ifMissing: "name a PEM file with the certificates of the origins' CA")
      _ = try Authorities(pem, file: file, named: ca)
      trust = .authorities(pem: pem)
      authorityFiles.append(files.fullPath(file))
    }
    services.append(
      Service(
        name: name, origins: origins, host: try section["host"]?.choice(HostRule.self) ?? .preserve, trust: trust,
        responseHeadTimeout: try Self.responseHead(section["response_head"]),
        pool: try PoolReading.rules(section, origins: originsValue),
        urgency: try section["priority"]?.integer(in: Service.urgencies)))
    try readRoutes(name, section)
  }

  private mutating func readRoutes(_ name: String, _ section: Section) throws(ConfigurationError) {
    let hosts = try section["hosts"]?.hostPatterns() ?? []
    let paths = try section["paths"]?.pathPrefixes() ?? []
    let strip = try section["strip"]?.flag() ?? false
    if strip, paths.isEmpty, let value = section["strip"] {
      throw value.error("there is no path prefix to strip", "add paths or remove strip")
    }
    let added =
      paths.isEmpty
      ? (hosts.isEmpty ? [] : [Route(hosts: hosts, service: name)])
      : paths.map { Route(hosts: hosts, pathPrefix: $0, strip: strip, service: name) }
    for route in added {
      if let earlier = routes.first(where: { $0.overlaps(route) }), let value = section["paths"] ?? section["hosts"] {
        throw value.error("these requests go to the service “\(earlier.service)” already", "choose other hosts or paths")
      }
    }
    routes += added
  }

  private static let originKeys = ["origins", "host", "ca", "response_head", "priority"] + PoolReading.keys
  private static let routeKeys = ["hosts", "paths", "strip"]

  private static func responseHead(_ value: Value?) throws(ConfigurationError) -> Duration? {
    guard let value else { return Service.defaultResponseHeadTimeout }
    if value.isOff { return nil }
    return try value.duration(in: .milliseconds(100) ... .seconds(3600))
  }

  /// One URL or a list.
  private static func origins(_ value: Value) throws(ConfigurationError) -> [OriginURL] {
    var origins: [OriginURL] = []
    for element in try value.listOrOne() { try add(PoolReading.url(element), to: &origins) }
    guard !origins.isEmpty else { throw value.error("the list is empty", "add an origin, as in http://127.0.0.1:3000") }
    return origins
  }

  /// All origins of a service must agree in what the gateway writes into a request before one of them is chosen.
  private static func add(_ value: Value, to origins: inout [OriginURL]) throws(ConfigurationError) {
    let origin = try value.originURL()
    if let first = origins.first {
      guard (first.scheme == .tcp) == (origin.scheme == .tcp) else {
        throw value.error("origins of HTTP and of TCP cannot be mixed", "make two services of them")
      }
      guard (first.scheme == .https) == (origin.scheme == .https) else {
        throw value.error("origins with and without TLS cannot be mixed", "make two services of them")
      }
      guard first.basePath == origin.basePath else {
        throw value.error("the origins of one service must have the same path", "write “\(first.basePath)” or make two services")
      }
      guard !origins.contains(origin) else { throw value.error("\(origin) stands twice", "keep one of them") }
    }
    origins.append(origin)
  }

  /// `NAME=URL`, repeated.
  private static func flagged(_ flags: [String], flag flagName: String) throws(ConfigurationError) -> [Service] {
    var names: [String] = []
    var origins: [String: [OriginURL]] = [:]
    for flag in flags {
      let value = Value(flag: flagName, flag)
      guard let equals = flag.firstIndex(of: "=") else {
        throw value.error("“\(flag)” is not NAME=URL", "write for example \(flagName) modules=http://127.0.0.1:3000")
      }
      let name = try Value(flag: flagName, String(flag[..<equals])).serviceName()
      if origins[name] == nil { names.append(name) }
      try add(Value(flag: flagName, String(flag[flag.index(after: equals)...])), to: &origins[name, default: []])
    }
    return names.map { Service(name: $0, origins: origins[$0] ?? []) }
  }
}

extension Value {
  func originURL() throws(ConfigurationError) -> OriginURL {
    let text = try text()
    do throws(OriginURL.Malformed) {
      return try OriginURL(text)
    } catch let malformed {
      throw error(malformed.message, malformed.advice)
    }
  }

  /// One host name or a list of them, each perhaps with `*.` before it.
  func hostPatterns() throws(ConfigurationError) -> [String] {
    var hosts: [String] = []
    for element in try listOrOne() {
      let host = try element.text()
      guard Route.isHostPattern(host) else {
        throw element.error(
          "“\(host)” is not a host name", "write a name without a port, as in shop.example or \"*.shop.example\"")
      }
      hosts.append(host)
    }
    return hosts
  }

  /// One path or a list of them.
  func pathPrefixes() throws(ConfigurationError) -> [String] {
    var paths: [String] = []
    for element in try listOrOne() { paths.append(try element.pathPrefix()) }
    return paths
  }

  func pathPrefix() throws(ConfigurationError) -> String {
    let path = try text()
    guard Route.isPathPrefix(path) else {
      throw error("“\(path)” is not a path", "write one that begins with “/” and has no “.” or “..” segments")
    }
    return path
  }

  var isOff: Bool { (try? choice(Off.self)) != nil }

  private enum Off: String, CaseIterable {
    case off
  }
}

extension Route {
  /// Whether some request fits both and neither is more specific.
  func overlaps(_ other: Route) -> Bool {
    let samePath = (pathPrefix ?? "/").trimmingSlash == (other.pathPrefix ?? "/").trimmingSlash
    let mine = hosts.map { $0.lowercased() }
    let sameHost = hosts.isEmpty ? other.hosts.isEmpty : other.hosts.contains { mine.contains($0.lowercased()) }
    return samePath && sameHost
  }
}

extension String {
  fileprivate var trimmingSlash: Substring {
    var text = self[...]
    while text.hasSuffix("/") { text.removeLast() }
    return text
  }
}
