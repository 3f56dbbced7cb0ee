/// Which service a request is for.
///
/// Asked in this order: the service that the listener is fixed to; on the end that has the origins, the service of exactly the
/// request's host name; routes of that host, then of the longest `*.` pattern, then of any host, each by longest path; a service
/// whose name is the host's first label; the default service.
public struct RoutingTable: Sendable {
  /// The services that have names here.
  public let services: [Service]
  /// Takes what nothing else takes.
  public let defaultService: Service?

  /// Whether only its own name finds a service.
  private let isStrict: Bool
  private var listeners: [(name: String, service: Service)] = []
  private var byName = NameTable<Service>()
  private var byHost = NameTable<PathTable>()
  /// Keyed by the part behind the star, with its dot.
  private var byHostSuffix = NameTable<PathTable>()
  private var anyHost = PathTable()

  /// A table that finds nothing.
  public static let empty = RoutingTable(services: [])

  /// - Parameters:
  ///   - services: all services that listeners, routes and the default name; names are unique.
  ///   - answersToNames: whether a request's host may name a service: true on the end that has the origins.
  ///   - listeners: service names by listener name.
  ///   - routes: in any order; of two for the same host and path the first one counts.
  ///   - defaultService: a service's name. A table with one service has that one as its default if `answersToNames`.
  ///   - isStrict: whether a service is found by exactly its name and by nothing else.
  /// Names that are not among `services` are left out; the configuration refuses them before.
  public init(
    services: [Service], answersToNames: Bool = true, listeners: [String: String] = [:], routes: [Route] = [],
    defaultService: String? = nil, isStrict: Bool = false
  ) {
    self.services = services
    self.isStrict = isStrict
    let named = Dictionary(services.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    if let defaultService {
      self.defaultService = named[defaultService]
    } else {
      self.defaultService = answersToNames && !isStrict && services.count == 1 ? services[0] : nil
    }
    if answersToNames {
      for service in services { byName[service.name] = service }
    }
    self.listeners = listeners.compactMap { name, service in named[service].map { (name, $0) } }
    for route in routes {
      guard let service = named[route.service] else { continue }
      add(route, service)
    }
  }

  private mutating func add(_ route: Route, _ service: Service) {
    let row = PathTable.Row(prefix: PathPrefix(route.pathPrefix ?? "/"), strip: route.strip, service: service)
    if route.hosts.isEmpty { anyHost.insert(row) }
    for host in route.hosts {
      if host.hasPrefix("*.") {
        let suffix = String(host.dropFirst())
        byHostSuffix[suffix, default: PathTable()].insert(row)
      } else {
        byHost[host, default: PathTable()].insert(row)
      }
    }
  }
}

extension RoutingTable {
  /// What the table says about one request.
  struct Decision {
    let service: Service
    /// Bytes to take off the front of the path.
    let strippedByteCount: Int
    /// Whether a path prefix had a say, so that the path must not be ambiguous.
    let isByPath: Bool

    init(_ service: Service, strippedByteCount: Int = 0, isByPath: Bool = false) {
      self.service = service
      self.strippedByteCount = strippedByteCount
      self.isByPath = isByPath
    }
  }

  /// The service that everything goes to that comes to a listener; nil where requests decide.
  func service(fixedTo listener: String) -> Service? {
    listeners.first { $0.name == listener }?.service
  }

  /// - Returns: nil if no service answers to the request.
  func route(listener: String, authority: Authority, path: ArraySlice<UInt8>) -> Decision? {
    if let service = service(fixedTo: listener) { return Decision(service) }
    if let service = byName[authority.host] { return Decision(service) }
    if let row = row(host: authority.host, path: path) {
      return Decision(
        row.service, strippedByteCount: row.strip ? row.prefix.bytes.count : 0, isByPath: !row.prefix.bytes.isEmpty)
    }
    if !isStrict, !byName.isEmpty, !authority.isAddress, let service = byName[authority.firstLabel] { return Decision(service) }
    return defaultService.map { Decision($0) }
  }

  private func row(host: ArraySlice<UInt8>, path: ArraySlice<UInt8>) -> PathTable.Row? {
    if let row = byHost[host]?.row(for: path) { return row }
    if !byHostSuffix.isEmpty {
      // The longest suffix begins at the first dot.
      for position in host.indices where host[position] == UInt8(ascii: ".") && position > host.startIndex {
        if let row = byHostSuffix[host[position...]]?.row(for: path) { return row }
      }
    }
    return anyHost.row(for: path)
  }
}

/// The routes of one host, longest prefix first.
private struct PathTable: Sendable {
  struct Row: Sendable {
    let prefix: PathPrefix
    let strip: Bool
    let service: Service
  }

  private var rows: [Row] = []

  mutating func insert(_ row: Row) {
    let place = rows.firstIndex { $0.prefix.bytes.count < row.prefix.bytes.count } ?? rows.endIndex
    rows.insert(row, at: place)
  }

  func row(for path: ArraySlice<UInt8>) -> Row? {
    rows.first { $0.prefix.takes(path) }
  }
}

extension NameTable {
  fileprivate subscript(_ name: String, default value: Value) -> Value {
    get { self[name] ?? value }
    set { self[name] = newValue }
  }
}
