import Gateway

extension EdgeConfiguration {
  static let keys =
    [
      "upstream", "prefer", "server_name", "link", "early_data", "idempotent", "certificate", "key", "ca", "listeners", "routes",
      "default_service", "expose", "labels", "modules",
    ] + ProcessSettings.keys

  static func read(
    _ section: Section, overrides: Overrides, files: FileReader
  ) throws(ConfigurationError) -> Checked<EdgeConfiguration> {
    try section.refuseOthers(than: keys) { key in
      CoreConfiguration.keys.contains(key) ? "it belongs into the configuration of the core" : nil
    }
    if let flag = overrides.services.first {
      throw Value(flag: "--service", flag).error("services are told to the core", "give it to quicgw server")
    }
    let process = try ProcessSettings(section, overrides, role: .edge, files: files)
    let upstream = try upstream(section, overrides)
    let preference = try section["prefer"]?.choice(EdgeConfiguration.Preference.self) ?? .first
    let idleTimeout = process.transport.idleTimeout
    let link = try section["link"].map { value throws(ConfigurationError) in try LinkSettings(value, idleTimeout: idleTimeout) }
      ?? LinkSettings(idleTimeout: idleTimeout)
    let serverName = try serverName(section, overrides)
    let listening = try ListenerReading(section, overrides, files: files)
    let addresses = listening.addresses + (try ProcessSettings.adminAddress(section, overrides).map { [$0] } ?? [])
    try ConfiguredAddress.check(addresses)
    let exposed = try ServiceReading(section["expose"], flags: overrides.expose, files: files, isExposed: true)
    let reading = try CredentialsReading(section, overrides, role: .edge, files: files)
    var configuration = EdgeConfiguration(
      upstream: upstream, preference: preference, link: link, serverName: serverName, credentials: reading.credentials,
      listeners: listening.listeners, policy: listening.policy, process: process, addresses: addresses)
    configuration.policy.passesUpgrades = link.extendedConnect == .on
    if let value = section["early_data"] { configuration.earlyData = try EdgeEarlyDataSettings(value, files: files) }
    if let value = section["idempotent"] { configuration.idempotent = try value.idempotentMethods() }
    configuration.exposed = Policy(routing: RoutingTable(services: exposed.services, isStrict: true))
    configuration.originAuthorityFiles = exposed.authorityFiles
    if let value = section["labels"] { configuration.labels = try value.labels() }
    if let value = section["modules"] { configuration.modules = try ModuleCacheSettings(value, files: files, services: nil) }
    return Checked(configuration, warnings: reading.warnings)
  }

  private static func upstream(_ section: Section, _ overrides: Overrides) throws(ConfigurationError) -> [HostPort] {
    // A flag may be repeated and hold several, with commas between them.
    let flags = overrides.upstream.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let values =
      flags.isEmpty
      ? try section["upstream"]?.listOrOne() ?? [] : flags.map { Value(flag: "--upstream", String($0.drop { $0 == " " })) }
    var upstream: [HostPort] = []
    for value in values {
      if let text = try? value.text(), text.contains(",") {
        let list = text.split(separator: ",").map { "\"\($0.drop { $0 == " " })\"" }.joined(separator: ", ")
        throw value.error("“\(text)” are several cores in one text", "write a list, as in [\(list)]")
      }
      let core = try value.hostPort(example: "core.example:4433")
      guard core.port != 0 else {
        throw value.error("a core has no port 0", "write the port that it listens on, as in \(core.host):4433")
      }
      guard !upstream.contains(core) else { throw value.error("the core \(core) is named twice", "name each once") }
      upstream.append(core)
    }
    guard !upstream.isEmpty else {
      throw ConfigurationError(
        path: "upstream", message: "there is no core to link to", advice: "add “upstream: core.example:4433” or give --upstream")
    }
    guard upstream.count <= maximumCores else {
      throw values[maximumCores].error("an edge links to \(maximumCores) cores at most", "name fewer")
    }
    return upstream
  }

  private static let maximumCores = 16

  private static func serverName(_ section: Section, _ overrides: Overrides) throws(ConfigurationError) -> String? {
    guard let value = overrides.serverName.map({ Value(flag: "--server-name", $0) }) ?? section["server_name"] else { return nil }
    let name = try value.text()
    guard HostPort("\(name):1")?.host == name, !name.isEmpty else {
      throw value.error("“\(name)” is not a host name", "write the name in the core's certificate, without a port")
    }
    return name
  }
}
