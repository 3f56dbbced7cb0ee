import Testing

@testable import Gateway
@testable import GatewayConfig

/// What an edge exposes, and how a core calls it.
@Suite struct ReversedSettingsTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
  }

  private func core(_ yaml: String) throws -> CoreConfiguration {
    try workplace.write("core.yaml", yaml)
    return try CoreConfiguration.load(file: "core.yaml", overrides: Overrides(), files: workplace.files).configuration
  }

  private func edge(_ yaml: String, _ overrides: Overrides = Overrides()) throws -> EdgeConfiguration {
    try workplace.write("edge.yaml", "upstream: core:4433\n" + yaml)
    return try EdgeConfiguration.load(file: "edge.yaml", overrides: overrides, files: workplace.files).configuration
  }

  private func mistake(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "none"
    } catch {
      return "\(error)"
    }
  }

  @Test func edgeExposesNothingUnlessTold() throws {
    let plain = try edge("")
    #expect(plain.exposed.routing.services.isEmpty && plain.labels.isEmpty)
  }

  @Test func edgeExposesServicesWithTheirOptions() throws {
    let edge = try edge(
      """
      expose:
        camera: http://127.0.0.1:9000
        metrics: {origins: [unix:/run/a.sock, unix:/run/b.sock], host: origin, response_head: off}
      labels: {site: berlin, tier: Gold.1}
      """)
    #expect(edge.exposed.routing.services.map(\.name) == ["camera", "metrics"])
    #expect(edge.exposed.routing.services[1].origins.map(\.description) == ["unix:/run/a.sock", "unix:/run/b.sock"])
    #expect(edge.exposed.routing.services[1].responseHeadTimeout == nil)
    #expect(edge.exposed.routing.defaultService == nil)
    #expect(edge.labels == ["site": "berlin", "tier": "Gold.1"])
  }

  @Test func flagExposes() throws {
    var overrides = Overrides()
    overrides.expose = ["camera=http://127.0.0.1:1", "camera=http://127.0.0.1:2"]
    let edge = try edge("expose: {camera: http://127.0.0.1:9, other: http://a}", overrides)
    #expect(
      edge.exposed.routing.services.map { "\($0.name) \($0.origins)" } == [
        "other [http://a]", "camera [http://127.0.0.1:1, http://127.0.0.1:2]",
      ])
    overrides.expose = ["camera"]
    #expect(
      mistake { _ = try self.edge("", overrides) }
        == "--expose: “camera” is not NAME=URL; write for example --expose modules=http://127.0.0.1:3000")
  }

  @Test(arguments: [
    (
      "expose: {m: {origins: [http://a], hosts: [b]}}",
      "edge.yaml:2: expose.m.hosts: this key is not known; the core asks for an exposed service by its name"
    ),
    (
      "expose: {M: http://a}",
      "edge.yaml:2: expose.M: “M” cannot be the name of a service; use lower-case letters, digits, “-”, “_” and “.”"
    ),
    (
      "expose: {m: \"unix:a\"}",
      "edge.yaml:2: expose.m: “unix:a” names no file; write unix:/run/app.sock or h2c+unix:/run/app.sock"
    ),
    (
      "labels: {Site: x}",
      "edge.yaml:2: labels.Site: “Site” cannot be a label; use up to 63 lower-case letters, digits, “-”, “_” and “.”"
    ),
    (
      "labels: {site: \"a b\"}",
      "edge.yaml:2: labels.site: “a b” cannot be the value of a label; use up to 63 letters, digits, “-”, “_” and “.”"
    ),
    ("labels: {site: 1}", "edge.yaml:2: labels.site: “1” is a number, not a text; put it in quotes if it is meant"),
  ])
  func mistakeOfAnEdge(yaml: String, sentence: String) {
    #expect(mistake { _ = try edge(yaml) } == sentence)
  }

  @Test func coreListensForItsClients() throws {
    let core = try core(
      """
      listeners:
        - {address: "127.0.0.1:9080", service: camera, edge: Shop-17}
        - {address: "127.0.0.1:9081", name: all, service: camera, group: {site: berlin}, balance: least_busy}
        - {address: "127.0.0.1:9082", service: camera, group: any}
        - {address: "127.0.0.1:9083", suffix: Edges.Example, tls: {certificate: certs/core.pem, key: certs/core.key}}
        - {address: "127.0.0.1:9084", edge_field: X-Edge, service_field: X-Service}
        - {address: "127.0.0.1:9085", edge_field: X-Edge, service: metrics}
        - {tcp: "127.0.0.1:9086", service: ssh, edge: e-1, tls: {certificate: certs/core.pem, key: certs/core.key}}
      edge_wait: 2s
      """)
    #expect(
      core.listeners.map(\.name) == [
        "127.0.0.1:9080", "all", "127.0.0.1:9082", "127.0.0.1:9083", "127.0.0.1:9084", "127.0.0.1:9085", "127.0.0.1:9086",
      ])
    #expect(core.listeners.map { $0.certificate != nil } == [false, false, false, true, false, false, true])
    #expect(core.edgeWait == .seconds(2))
    #expect(core.policy.edgeRoutes.services == ["camera", "metrics", "ssh"])
    #expect(core.addresses.count == 8)
    #expect(try target(core, "127.0.0.1:9080") == EdgeTarget(service: "camera", edges: .edge("Shop-17")))
    #expect(try target(core, "all") == EdgeTarget(service: "camera", edges: .group(["site": "berlin"]), balance: .leastBusy))
    #expect(try target(core, "127.0.0.1:9082") == EdgeTarget(service: "camera", edges: .group([:])))
    #expect(try target(core, "127.0.0.1:9083", host: "a.b.edges.example") == EdgeTarget(service: "a", edges: .edge("b")))
    #expect(try target(core, "127.0.0.1:9084") == EdgeTarget(service: "fan", edges: .edge("e-1")))
    #expect(try target(core, "127.0.0.1:9085") == EdgeTarget(service: "metrics", edges: .edge("e-1")))
  }

  private func target(_ core: CoreConfiguration, _ listener: String, host: String = "h") throws -> EdgeTarget {
    try core.policy.edgeRoutes.target(
      listener: listener, head: .init(method: "GET", authority: host, path: "/", fields: ["x-edge": "E-1", "x-service": "fan"]),
      host: Array(host.utf8)[...])
  }

  @Test func rulesSayWhatEdgesMayClaim() throws {
    let core = try core(
      """
      edges:
        "*.shop.example": {services: [camera], labels: {site: [berlin, paris], tier: "*"}}
        edge-1: {services: "*"}
      """)
    func granted(_ identity: String) -> EdgeRules.Granted {
      core.policy.edgeRules.grant(
        .init(instance: [], version: "", services: ["camera", "metrics"], labels: ["site": "berlin", "tier": "x", "zone": "1"]), to: identity)
    }
    #expect(granted("a.shop.example") == .init(services: ["camera"], labels: ["site": "berlin", "tier": "x"], refused: ["metrics", "zone=1"]))
    #expect(granted("edge-1") == .init(services: ["camera", "metrics"], labels: [:], refused: ["site=berlin", "tier=x", "zone=1"]))
    #expect(granted("edge-2").services.isEmpty)
  }

  @Test(arguments: [
    ("listeners: []", "core.yaml:1: listeners: the list is empty; add a listener or remove the key"),
    (
      "listeners: [{service: a, edge: b}]",
      "core.yaml:1: listeners[0]: the listener has no address; add address: 127.0.0.1:9080 or tcp: 127.0.0.1:2222"
    ),
    (
      "listeners: [{tcp: \"127.0.0.1:2222\", suffix: edges.internal}]",
      """
      core.yaml:1: listeners[0].suffix: a TCP connection has neither a host nor fields; write edge: NAME or group: {LABEL: \
      VALUE}, and service: NAME
      """
    ),
    (
      "listeners: [{tcp: \"127.0.0.1:2222\", address: \"127.0.0.1:2223\", service: ssh, edge: a}]",
      "core.yaml:1: listeners[0].tcp: the listener has an address already, in address; make two listeners of it"
    ),
    (
      "listeners: [{address: \"a:1\", service: m}]",
      """
      core.yaml:1: listeners[0]: nothing says which edge requests go to; add edge: NAME, group: {LABEL: VALUE}, suffix: \
      edges.example or edge_field: X-Edge
      """
    ),
    (
      "listeners: [{address: \"a:1\", service: m, edge: e, group: any}]",
      "core.yaml:1: listeners[0].group: listeners[0].edge says already which edge requests go to; keep one of them"
    ),
    ("listeners: [{address: \"a:1\", edge: e}]", "core.yaml:1: listeners[0]: the listener names no service; add service: NAME"),
    (
      "listeners: [{address: \"a:1\", edge: \"*\", service: m}]",
      "core.yaml:1: listeners[0].edge: “*” is not the name of an edge; write the name in its certificate"
    ),
    (
      "listeners: [{address: \"a:1\", group: {}, service: m}]",
      "core.yaml:1: listeners[0].group: the group has no label; add one, or write any for all edges"
    ),
    (
      "listeners: [{address: \"a:1\", suffix: \"*.a\"}]",
      """
      core.yaml:1: listeners[0].suffix: “*.a” is not a host name; write what follows SERVICE.EDGE in host names, as in \
      edges.example
      """
    ),
    (
      "listeners: [{address: \"a:1\", suffix: a, service: m}]",
      "core.yaml:1: listeners[0].service: the host says the service where suffix is given; remove service"
    ),
    (
      "listeners: [{address: \"a:1\", edge_field: host, service: m}]",
      "core.yaml:1: listeners[0].edge_field: “host” is not the name of a field; write one, as in X-Edge"
    ),
    (
      "listeners: [{address: \"a:1\", edge_field: x}]",
      "core.yaml:1: listeners[0]: nothing says which service requests are for; add service: NAME or service_field: X-Service"
    ),
    (
      "listeners: [{address: \"a:1\", edge: e, service_field: x}]",
      "core.yaml:1: listeners[0].service_field: only a listener with edge_field has one; write service: NAME"
    ),
    (
      "listeners: [{address: \"a:1\", edge: e, service: m, balance: random}]",
      "core.yaml:1: listeners[0].balance: “random” is not known here; write round_robin, least_busy"
    ),
    (
      "listeners: [{address: \"a:1\", edge: e, service: m}, {address: \"a:1\", edge: f, service: m}]",
      "core.yaml:1: listeners[1].address: two listeners have the address a:1; give each its own"
    ),
    (
      "listeners: [{address: \"a:1\", edge: e, service: m, tls: {certificate: certs/core.pem}}]",
      "core.yaml:1: listeners[0].tls: TLS needs a certificate and its key; add certificate: FILE and key: FILE"
    ),
    (
      "listeners: [{address: \"a:1\", edge: e, service: m, tls: {certificate: certs/core.pem, key: certs/edge.key}}]",
      "core.yaml:1: listeners[0].tls.key: certs/edge.key is not the key of certs/core.pem; give the pair that was issued together"
    ),
    (
      "listeners: [{address: \"127.0.0.1:99\", edge: e, service: m}]\nadmin: 127.0.0.1:99",
      """
      core.yaml:2: admin: 127.0.0.1:99 is taken by core.yaml:1: listeners[0].address of this same process; give each its own \
      port
      """
    ),
    ("edges: {}", "core.yaml:1: edges: there is no rule; add one or remove the key"),
    (
      "edges: {\"a b\": {services: m}}",
      "core.yaml:1: edges.a b: “a b” is not an identity; write a name, \"*.shop.example\", \"spiffe://shop.example/*\" or \"*\""
    ),
    ("edges: {e: {}}", "core.yaml:1: edges.e: the rule says nothing; add services or labels"),
    (
      "edges: {e: {services: [M]}}",
      "core.yaml:1: edges.e.services[0]: “M” cannot be the name of a service; use lower-case letters, digits, “-”, “_” and “.”"
    ),
    ("edge_wait: 10m", "core.yaml:1: edge_wait: 600s is out of range; choose from 0s to 300s"),
  ])
  func mistakeOfACore(yaml: String, sentence: String) {
    #expect(mistake { _ = try core(yaml) } == sentence)
  }
}
