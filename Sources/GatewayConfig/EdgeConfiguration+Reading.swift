extension EdgeConfiguration {
  static let keys =
    ["upstream", "server_name", "certificate", "key", "ca", "listeners", "routes", "default_service"] + ProcessSettings.keys

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
    let serverName = try serverName(section, overrides)
    let listening = try ListenerReading(section, flags: overrides.listen)
    let addresses = listening.addresses + (try ProcessSettings.adminAddress(section, overrides).map { [$0] } ?? [])
    try ConfiguredAddress.check(addresses)
    let reading = try CredentialsReading(section, overrides, role: .edge, files: files)
    let configuration = EdgeConfiguration(
      upstream: upstream, serverName: serverName, credentials: reading.credentials, listeners: listening.listeners,
      policy: listening.policy, process: process, addresses: addresses)
    return Checked(configuration, warnings: reading.warnings)
  }

  private static func upstream(_ section: Section, _ overrides: Overrides) throws(ConfigurationError) -> [HostPort] {
    let values =
      overrides.upstream.isEmpty
      ? try section["upstream"]?.listOrOne() ?? [] : overrides.upstream.map { Value(flag: "--upstream", $0) }
    var upstream: [HostPort] = []
    for value in values {
      let core = try value.hostPort(example: "core.example:4433")
      guard core.port != 0 else {
        throw value.error("a core has no port 0", "write the port that it listens on, as in \(core.host):4433")
      }
      guard upstream.isEmpty else {
        throw value.error("an edge links to one core", "name one; if its name has several addresses, all are tried")
      }
      upstream.append(core)
    }
    guard !upstream.isEmpty else {
      throw ConfigurationError(
        path: "upstream", message: "there is no core to link to", advice: "add “upstream: core.example:4433” or give --upstream")
    }
    return upstream
  }

  private static func serverName(_ section: Section, _ overrides: Overrides) throws(ConfigurationError) -> String? {
    guard let value = overrides.serverName.map({ Value(flag: "--server-name", $0) }) ?? section["server_name"] else { return nil }
    let name = try value.text()
    guard HostPort("\(name):1")?.host == name, !name.isEmpty else {
      throw value.error("“\(name)” is not a host name", "write the name in the core's certificate, without a port")
    }
    return name
  }
}
