import Gateway

extension CoreConfiguration {
  static let keys =
    ["listen", "certificate", "key", "ca", "identity", "name", "services", "default_service", "access"] + ProcessSettings.keys

  static func read(
    _ section: Section, overrides: Overrides, files: FileReader
  ) throws(ConfigurationError) -> Checked<CoreConfiguration> {
    try section.refuseOthers(than: keys) { key in
      EdgeConfiguration.keys.contains(key) ? "it belongs into the configuration of an edge" : nil
    }
    let process = try ProcessSettings(section, overrides, role: .core)
    let listen = try listen(section, overrides)
    let identity = try section["identity"]?.choice(IdentityKind.self) ?? .dns
    let name = try name(section)
    let policy = try policy(section, overrides, files)
    let reading = try CredentialsReading(section, overrides, role: .core, files: files)
    let configuration = CoreConfiguration(
      listen: listen, credentials: reading.credentials, identity: identity, name: name, policy: policy, process: process)
    return Checked(configuration, warnings: reading.warnings)
  }

  private static func listen(_ section: Section, _ overrides: Overrides) throws(ConfigurationError) -> HostPort {
    if overrides.listen.count > 1 {
      throw Value(flag: "--listen", overrides.listen[1]).error("a server listens on one address", "give --listen once")
    }
    guard let value = overrides.listen.first.map({ Value(flag: "--listen", $0) }) ?? section["listen"] else {
      return defaultListen
    }
    return try value.hostPort(example: "[::]:4433")
  }

  private static func name(_ section: Section) throws(ConfigurationError) -> String? {
    guard let value = section["name"] else { return nil }
    let name = try value.text()
    guard !name.isEmpty else { throw value.error("the name is empty", "write one or remove the key") }
    return name
  }

  private static func policy(
    _ section: Section, _ overrides: Overrides, _ files: FileReader
  ) throws(ConfigurationError) -> Policy {
    let reading = try ServiceReading(section["services"], flags: overrides.services, files: files)
    let names = reading.services.map(\.name)
    guard !names.isEmpty else {
      throw ConfigurationError(
        path: "services", message: "there is no service, so edges could reach nothing",
        advice: "add one under services, as in “modules: http://127.0.0.1:3000”, or give --service NAME=URL")
    }
    var defaultService: String?
    if let value = section["default_service"] {
      let name = try value.serviceName()
      guard names.contains(name) else {
        throw value.error("there is no service “\(name)”", Suggestion.advice(for: name, among: names))
      }
      defaultService = name
    }
    let access = try AccessRules(section["access"], services: names)
    return Policy(
      routing: RoutingTable(services: reading.services, routes: reading.routes, defaultService: defaultService), access: access)
  }
}
