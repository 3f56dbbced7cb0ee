import Foundation
import Testing

@testable import GatewayConfig

/// Flags win over the file, and the quick start needs no file.
@Suite struct OverridesTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
  }

  private func core(_ yaml: String? = nil, _ overrides: Overrides) throws -> CoreConfiguration {
    if let yaml { try workplace.write("core.yaml", yaml) }
    return try CoreConfiguration.load(file: yaml.map { _ in "core.yaml" }, overrides: overrides, files: workplace.files)
      .configuration
  }

  @Test func serverNeedsOnlyAService() throws {
    var overrides = Overrides()
    overrides.services = ["m=http://127.0.0.1:3000", "m=http://127.0.0.1:3001", "e=h2c://localhost:50051"]
    let core = try core(nil, overrides)
    #expect(core.listen.description == "[::]:4433")
    #expect(
      core.policy.routing.services.map { "\($0.name) \($0.origins)" } == [
        "m [http://127.0.0.1:3000, http://127.0.0.1:3001]", "e [h2c://localhost:50051]",
      ])
    #expect(core.policy.routing.defaultService == nil)
    #expect(core.identity == .dns)
    #expect(core.process.admin == nil)
  }

  @Test func edgeNeedsOnlyTheCore() throws {
    var overrides = Overrides()
    overrides.upstream = ["core.example:4433"]
    let edge = try EdgeConfiguration.load(file: nil, overrides: overrides, files: workplace.files).configuration
    #expect(edge.upstream.map(\.description) == ["core.example:4433"])
    #expect(edge.serverName == nil)
    #expect(edge.listeners == [EdgeConfiguration.defaultListener])
  }

  @Test func edgeLinksToSeveralCores() throws {
    try workplace.write(
      "edge.yaml",
      "upstream: [a:1, b:1]\nprefer: spread\nlink: {suspect_after: 1s, lost_after: 9s, keep_alive: 5s, request_wait: 2s}\n")
    var overrides = Overrides()
    let file = try EdgeConfiguration.load(file: "edge.yaml", overrides: overrides, files: workplace.files).configuration
    #expect(file.upstream.map(\.description) == ["a:1", "b:1"])
    #expect(file.preference == .spread)
    var link = LinkSettings()
    (link.suspectAfter, link.lostAfter, link.keepAlive, link.requestWait) = (.seconds(1), .seconds(9), .seconds(5), .seconds(2))
    #expect(file.link == link)
    overrides.upstream = ["c:1, [::1]:2", "d:3"]
    let flags = try EdgeConfiguration.load(file: "edge.yaml", overrides: overrides, files: workplace.files).configuration
    #expect(flags.upstream.map(\.description) == ["c:1", "[::1]:2", "d:3"])
  }

  @Test func aLinkKeepsWithinTheIdleTimeoutWhereNothingIsSaid() throws {
    try workplace.write("edge.yaml", "upstream: a:1\nlink: {suspect_after: 1s}\ntransport: {idle_timeout: 10s}\n")
    let link = try EdgeConfiguration.load(file: "edge.yaml", overrides: Overrides(), files: workplace.files).configuration.link
    #expect(link.lostAfter == .seconds(10))
    #expect(link.keepAlive == .seconds(5))
  }

  @Test func flagsReplaceWhatTheFileSays() throws {
    var overrides = Overrides()
    overrides.listen = ["127.0.0.1:5000"]
    overrides.admin = "127.0.0.1:9999"
    overrides.services = ["b=http://flag"]
    let core = try core(
      "listen: \":1\"\nadmin: \":2\"\nservices: {a: http://a, b: {origins: http://b, host: origin}}\ndefault_service: b\n",
      overrides)
    #expect(core.listen.description == "127.0.0.1:5000")
    #expect(core.process.admin?.description == "127.0.0.1:9999")
    #expect(core.policy.routing.services.map { "\($0.name) \($0.origins)" } == ["a [http://a]", "b [http://flag]"])
    #expect(core.policy.routing.defaultService?.name == "b")
  }

  @Test func tracesGoWhereTheFlagOrTheFileSays() throws {
    for folder in ["traces", "others"] {
      try FileManager.default.createDirectory(atPath: "\(workplace.path)/\(folder)", withIntermediateDirectories: true)
    }
    let yaml = "services: {m: http://a}\nqlog: traces\n"
    #expect(try core(yaml, Overrides()).process.qlog == "\(workplace.path)/traces")
    var overrides = Overrides()
    overrides.qlog = "others"
    #expect(try core(yaml, overrides).process.qlog == "\(workplace.path)/others")
    overrides.upstream = ["core.example:4433"]
    let edge = try EdgeConfiguration.load(file: nil, overrides: overrides, files: workplace.files).configuration
    #expect(edge.process.qlog == "\(workplace.path)/others")
    overrides.qlog = "none"
    #expect { try core(yaml, overrides) } throws: { "\($0)" == "--qlog: the folder none does not exist; make it, or name one that does" }
  }

  @Test func tracesCannotBeSwitchedWhileItRuns() throws {
    let with = try core("services: {m: http://a}\nqlog: certs\n", Overrides())
    let without = try core("services: {m: http://a}\n", Overrides())
    #expect(with.process.differences(from: without.process) == ["qlog"])
  }

  @Test(arguments: [
    (["m"], "--service: “m” is not NAME=URL; write for example --service modules=http://127.0.0.1:3000"),
    (["M=http://a"], "--service: “M” cannot be the name of a service; use lower-case letters, digits, “-”, “_” and “.”"),
    (["m=a"], "--service: “a” has no scheme; write http://host:port, h2c://host:port, https://host:port or tcp://host:port"),
    (["m=http://a", "m=https://b"], "--service: origins with and without TLS cannot be mixed; make two services of them"),
  ])
  func wrongFlagsAreNamed(services: [String], sentence: String) throws {
    var overrides = Overrides()
    overrides.services = services
    #expect { try core(nil, overrides) } throws: { "\($0)" == sentence }
  }

  @Test func serverListensOnce() throws {
    var overrides = Overrides()
    overrides.listen = [":1", ":2"]
    overrides.services = ["m=http://a"]
    #expect { try core(nil, overrides) } throws: { "\($0)" == "--listen: a server listens on one address; give --listen once" }
  }
}

/// What every key of the files does.
@Suite struct ReadingTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
  }

  @Test func coreHasEverythingThatItsFileSays() throws {
    try workplace.write(
      "core.yaml",
      """
      listen: 192.0.2.1:4433
      identity: uri
      name: core-0
      services:
        modules: [http://127.0.0.1:3000, "http://127.0.0.1:3001"]
        shop: {origins: https://shop.internal, host: origin, ca: certs/ca.pem, hosts: ["*.shop.example"], paths: /api, strip: true, response_head: off, priority: 6}
      default_service: modules
      access:
        "*": {deny: "spiffe://stolen.example/1"}
        shop: {allow: ["spiffe://shop.example/*"]}
      limits: {fields: 128KiB, field_value: 64KiB, connect: 500ms}
      transport: {congestion_control: cubic, idle_timeout: 10s, max_udp_payload: 1200, connection_budget: 8MiB, max_streams: 10, shield: always, gso: off}
      loops: 2
      log: {format: json, level: debug, access: false}
      admin: 127.0.0.1:9901
      drain_timeout: 0s
      """)
    let core = try CoreConfiguration.load(file: "core.yaml", overrides: Overrides(), files: workplace.files).configuration
    #expect(core.listen == HostPort(host: "192.0.2.1", port: 4433))
    #expect(core.identity == .uri)
    #expect(core.name == "core-0")
    let shop = try #require(core.policy.routing.services.last)
    #expect(shop.host == .origin)
    #expect(shop.responseHeadTimeout == nil)
    #expect(shop.urgency == 6 && core.policy.routing.services[0].urgency == nil)
    #expect(shop.trust == .authorities(pem: Array(try workplace.read("certs/ca.pem").utf8)))
    #expect(core.policy.routing.services[0].responseHeadTimeout == .seconds(60))
    #expect(!core.policy.access.allows("spiffe://stolen.example/1", service: "modules"))
    #expect(!core.policy.access.allows("spiffe://edge.example/1", service: "shop"))
    #expect(core.policy.access.allows("spiffe://shop.example/1", service: "shop"))
    #expect(core.originAuthorityFiles == [workplace.path + "/certs/ca.pem"])
    let process = core.process
    #expect(process.limits.fields.bytes == 131_072)
    #expect(process.limits.connect == .milliseconds(500))
    #expect(process.transport.congestionControl == .cubic)
    #expect(process.transport.connectionBudget == .mebibytes(8))
    #expect(process.transport.shield == .always)
    #expect(process.transport.gso == .off)
    #expect(process.loops == 2)
    #expect(process.log.format == .json)
    #expect(process.log.level == .debug)
    #expect(process.log.access == false)
    #expect(process.admin?.port == 9901)
    #expect(process.drainTimeout == .zero)
  }

  @Test func edgeHasEverythingThatItsFileSays() throws {
    try workplace.write(
      "edge.yaml",
      """
      upstream: "[2001:db8::1]:4433"
      server_name: core.example
      listeners:
        - {address: 127.0.0.1:8081, service: modules, name: go}
        - 127.0.0.1:8080
      routes:
        - {hosts: ["*.echo.example"], path: /api, strip: true, service: echo}
      default_service: modules
      limits: {request_head: 5s, idle_client: 1m}
      """)
    let edge = try EdgeConfiguration.load(file: "edge.yaml", overrides: Overrides(), files: workplace.files).configuration
    #expect(edge.upstream == [HostPort(host: "2001:db8::1", port: 4433)])
    #expect(edge.serverName == "core.example")
    #expect(edge.listeners.map(\.name) == ["go", "127.0.0.1:8080"])
    #expect(edge.policy.routing.services.map(\.name) == ["echo", "modules"])
    #expect(edge.policy.routing.defaultService?.name == "modules")
    #expect(edge.process.limits.requestHead == .seconds(5))
    #expect(edge.process.limits.idleClient == .seconds(60))
  }

  @Test func emptySectionsAndCommentsAreDefaults() throws {
    try workplace.write("core.yaml", "# nothing\nlog: {}\ntransport: {}\nservices: {m: http://a}\n")
    let core = try CoreConfiguration.load(file: "core.yaml", overrides: Overrides(), files: workplace.files).configuration
    #expect(core.process == .defaults)
  }

  @Test func fileOfEitherEndIsTold() throws {
    try workplace.write(
      "core.yaml",
      """
      services: {m: http://a}\ncertificate: \(workplace.path)/certs/core.pem\nkey: \(workplace.path)/certs/core.key\nca: \
      \(workplace.path)/certs/ca.pem\n
      """
    )
    try workplace.write(
      "edge.yaml",
      """
      upstream: a:1\ncertificate: \(workplace.path)/certs/edge.pem\nkey: \(workplace.path)/certs/edge.key\nca: \
      \(workplace.path)/certs/ca.pem\n
      """
    )
    // The fixture's certificates begin in 2030, and this call has the machine's clock.
    #expect { try CheckedFile.load("\(workplace.path)/core.yaml") } throws: { "\($0)".contains("core.pem is not valid before") }
    #expect { try CheckedFile.load("\(workplace.path)/edge.yaml") } throws: { "\($0)".contains("edge.pem is not valid before") }
    try workplace.write("edge.yaml", "upsteam: a:1\n")
    #expect { try CheckedFile.load("\(workplace.path)/edge.yaml") } throws: {
      "\($0)".hasSuffix("upsteam: this key is not known; did you mean “upstream”?")
    }
  }
}

/// Addresses, sizes and durations as texts.
@Suite struct ValueTests {
  @Test(arguments: [
    (":8080", "[::]:8080"), ("[::1]:1", "[::1]:1"), ("a.example:65535", "a.example:65535"), ("127.0.0.1:0", "127.0.0.1:0"),
    ("[fe80::1%eth0]:5", "[fe80::1%eth0]:5"),
  ])
  func address(text: String, shown: String) { #expect(HostPort(text)?.description == shown) }

  @Test(arguments: [
    "", "a", "a:", "a:65536", "a:-1", "::1:80", "[::1]", "[a]:1", "a b:1", "[::1:1", "a:1:2", "http://a:1", "a:+1", "1.2.3:4433",
    "1:1", "256.1.1.1:1", "1.2.3.4.5:1", "1.2.3.:1",
  ])
  func noAddress(text: String) { #expect(HostPort(text) == nil) }

  @Test(arguments: [("1500B", 1500), ("64KiB", 65536), ("1GiB", 1 << 30), ("0B", 0)])
  func size(text: String, bytes: Int) {
    #expect(ByteCount(text)?.bytes == bytes)
    #expect(ByteCount(text)?.description == text)
  }

  @Test(arguments: ["", "1", "KiB", "1KB", "1 KiB", "-1B", "1.5MiB", "99999999999GiB", "1kib"])
  func noSize(text: String) { #expect(ByteCount(text) == nil) }

  @Test(arguments: [
    ("500ms", Duration.milliseconds(500)), ("10s", .seconds(10)), ("5m", .seconds(300)), ("1h", .seconds(3600)), ("0s", .zero),
  ])
  func duration(text: String, duration: Duration) { #expect(Duration(configured: text) == duration) }

  @Test(arguments: ["", "10", "s", "1.5s", "-1s", "10 s", "1d", "9999999999s", "1us"])
  func noDuration(text: String) { #expect(Duration(configured: text) == nil) }

  @Test(arguments: [
    ("streams", "max_streams", true), ("listen", "limits", false), ("max-streams", "max_streams", true),
    ("idletimeout", "idle_timeout", true), ("x", "gso", false),
  ])
  func suggestion(written: String, known: String, isNear: Bool) {
    #expect((Suggestion.nearest(to: written, among: [known]) != nil) == isNear)
  }
}
