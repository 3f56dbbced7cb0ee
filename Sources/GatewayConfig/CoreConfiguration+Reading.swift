import Gateway

extension CoreConfiguration {
  static let keys =
    [
      "listen", "certificate", "key", "ca", "identity", "name", "services", "default_service", "access", "connect",
      "early_data", "listeners", "edges", "edge_wait", "idempotent", "modules",
    ] + ProcessSettings.keys

  static func read(
    _ section: Section, overrides: Overrides, files: FileReader
  ) throws(ConfigurationError) -> Checked<CoreConfiguration> {
    try section.refuseOthers(than: keys) { key in
      EdgeConfiguration.keys.contains(key) ? "it belongs into the configuration of an edge" : nil
    }
    let process = try ProcessSettings(section, overrides, role: .core, files: files)
    let listen = try listen(section, overrides)
    let listening = try CoreListenerReading(section["listeners"], flags: overrides.tcp, files: files)
    let addresses = [listen] + listening.addresses + (try ProcessSettings.adminAddress(section, overrides).map { [$0] } ?? [])
    try ConfiguredAddress.check(addresses)
    let identity = try section["identity"]?.choice(IdentityKind.self) ?? .dns
    let name = try name(section)
    try refuseEmptyLists(section["services"])
    let reading = try ServiceReading(section["services"], flags: overrides.services, files: files)
    var policy = try policy(section, overrides, reading, identity)
    policy.edgeRoutes = listening.edgeRoutes
    policy.edgeRules = try EdgeRules(section["edges"], identity: identity)
    let credentials = try CredentialsReading(section, overrides, role: .core, files: files)
    var configuration = CoreConfiguration(
      listen: listen.address, credentials: credentials.credentials, identity: identity, name: name, policy: policy,
      originAuthorityFiles: reading.authorityFiles, process: process, addresses: addresses)
    if let value = section["early_data"] { configuration.earlyData = try CoreEarlyDataSettings(value, files: files) }
    if let value = section["modules"] {
      configuration.modules = try ModuleCacheSettings(value, files: files, services: reading.services)
    }
    configuration.listeners = listening.listeners
    if let value = section["edge_wait"] { configuration.edgeWait = try value.duration(in: edgeWaitRange) }
    if let value = section["idempotent"] { configuration.idempotent = try value.idempotentMethods() }
    let isIdle = reading.services.isEmpty && listening.listeners.isEmpty
    return Checked(configuration, warnings: (isIdle ? [withoutServices] : []) + credentials.warnings)
  }

  /// A core may be started before its services are known; edges can link to it.
  private static let withoutServices = ConfigurationWarning(
    path: "services",
    message: "no service is configured: every request gets 404; add one with --service NAME=URL or under services: in the file")

  /// Hosts or paths that are none would be a service that is found by nothing, where whoever wrote them wanted to restrict it.
  private static func refuseEmptyLists(_ services: Value?) throws(ConfigurationError) {
    guard let services, services.isMapping else { return }
    for service in try services.mapping().entries where service.value.isMapping {
      let section = try service.value.mapping()
      for key in ["hosts", "paths"] {
        if let value = section[key], value.isEmptyList { throw value.error("the list is empty", "fill it or remove the key") }
      }
    }
  }

  private static func listen(_ section: Section, _ overrides: Overrides) throws(ConfigurationError) -> ConfiguredAddress {
    if overrides.listen.count > 1 {
      throw Value(flag: "--listen", overrides.listen[1]).error("a server listens on one address", "give --listen once")
    }
    guard let value = overrides.listen.first.map({ Value(flag: "--listen", $0) }) ?? section["listen"] else {
      return ConfiguredAddress(.udp, defaultListen, origin: "listen")
    }
    return ConfiguredAddress(.udp, try value.listenAddress(example: "[::]:4433"), from: value)
  }

  private static func name(_ section: Section) throws(ConfigurationError) -> String? {
    guard let value = section["name"] else { return nil }
    let name = try value.text()
    guard !name.isEmpty else { throw value.error("the name is empty", "write one or remove the key") }
    return name
  }

  private static func policy(
    _ section: Section, _ overrides: Overrides, _ reading: ServiceReading, _ identity: IdentityKind
  ) throws(ConfigurationError) -> Policy {
    let names = reading.services.map(\.name)
    var defaultService: String?
    if let value = section["default_service"] {
      let name = try value.serviceName()
      guard names.contains(name) else {
        throw value.error("there is no service “\(name)”", Suggestion.advice(for: name, among: names))
      }
      defaultService = name
    }
    let access = try AccessRules(section["access"], services: names, identity: identity)
    var policy = Policy(
      routing: RoutingTable(services: reading.services, routes: reading.routes, defaultService: defaultService), access: access)
    policy.tunnels = try TunnelRules(section["connect"], flags: overrides.connect, identity: identity)
    return policy
  }
}
