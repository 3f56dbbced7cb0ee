import Testing

@testable import Gateway
@testable import GatewayConfig

/// Tunnels need no file.
@Suite struct TunnelFlagsTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
  }

  private func edge(
    _ yaml: String = "loops: 1", tcp: [String] = [], proxy: [String] = [], listen: [String] = []
  ) throws -> EdgeConfiguration {
    var overrides = Overrides()
    overrides.upstream = ["core:4433"]
    (overrides.tcp, overrides.proxy, overrides.listen) = (tcp, proxy, listen)
    try workplace.write("edge.yaml", yaml)
    return try EdgeConfiguration.load(file: "edge.yaml", overrides: overrides, files: workplace.files).configuration
  }

  private func core(_ yaml: String = "loops: 1", tcp: [String] = [], connect: [String] = []) throws -> CoreConfiguration {
    var overrides = Overrides()
    (overrides.tcp, overrides.connect) = (tcp, connect)
    try workplace.write("core.yaml", yaml)
    return try CoreConfiguration.load(file: "core.yaml", overrides: overrides, files: workplace.files).configuration
  }

  @Test func portsOfTheNodeLeadToServices() throws {
    let edge = try edge(
      "listeners: [{address: \"127.0.0.1:8081\", service: modules}]", tcp: ["5432=postgres", "[::1]:6379=redis"], proxy: ["3128"])
    #expect(
      edge.listeners == [
        .init(name: "127.0.0.1:5432", address: HostPort(host: "127.0.0.1", port: 5432), kind: .tcp),
        .init(name: "[::1]:6379", address: HostPort(host: "::1", port: 6379), kind: .tcp),
        .init(name: "127.0.0.1:3128", address: HostPort(host: "127.0.0.1", port: 3128), kind: .proxy),
      ])
    #expect(edge.policy.routing.service(fixedTo: "127.0.0.1:5432")?.name == "postgres")
    #expect(edge.policy.routing.service(fixedTo: "[::1]:6379")?.name == "redis")
    #expect(edge.policy.proxies == ["127.0.0.1:3128"])
    #expect(try self.edge(tcp: ["1=a"], listen: ["127.0.0.1:2"]).listeners.map(\.kind) == [.http, .tcp])
  }

  @Test func portsOfTheCoreLeadToEdges() throws {
    let core = try core(
      "listeners: [{address: \"a:1\", service: m, edge: e}]", tcp: ["2222=ssh@shop-17"], connect: ["*.internal:443"])
    #expect(core.listeners.map { "\($0.address) \($0.kind)" } == ["127.0.0.1:2222 tcp"])
    let target = try core.policy.edgeRoutes.target(
      listener: "127.0.0.1:2222", head: .init(method: "GET", authority: "h", path: "/", fields: [:]), host: [])
    #expect(target == EdgeTarget(service: "ssh", edges: .edge("shop-17")))
    let reached = try #require(TunnelTarget(Array("a.internal:443".utf8)[...]))
    #expect(core.policy.tunnels.allow("shop-17", to: reached, under: core.policy.access))
    let replaced = try self.core("connect: [\"*.internal:443\"]", connect: ["b.internal:443"])
    #expect(!replaced.policy.tunnels.allow("shop-17", to: reached, under: replaced.policy.access))
  }

  @Test(arguments: [
    (["5432"], "--tcp: “5432” names nothing behind the port; write for example --tcp 5432=postgres"),
    (["a=postgres"], "--tcp: “a” is not an address with a port; write host:port, as in \"127.0.0.1:8080\""),
    (["99999=postgres"], "--tcp: “127.0.0.1:99999” is not an address with a port; write host:port, as in \"127.0.0.1:8080\""),
    (["1=Postgres"], "--tcp: “Postgres” cannot be the name of a service; use lower-case letters, digits, “-”, “_” and “.”"),
    (["1=a", "1=b"], "--tcp: two listeners have the address 127.0.0.1:1; give each its own"),
  ])
  func mistakesOfAnEdge(tcp: [String], sentence: String) {
    #expect { try edge(tcp: tcp) } throws: { "\($0)" == sentence }
  }

  @Test(arguments: [
    (["2222"], [], "--tcp: “2222” names nothing behind the port; write for example --tcp 2222=ssh@shop-17"),
    (["2222=ssh"], [], "--tcp: “ssh” names no edge; write SERVICE@EDGE, as in --tcp 2222=ssh@shop-17"),
    (["2222=ssh@*"], [], "--tcp: “*” is not the name of an edge; write the name in its certificate"),
    (
      [], ["a"],
      "--connect: “a” is not a host and a port; write host:port, \"*.internal:443\" for all names below one, or * for any port"
    ),
  ])
  func mistakesOfACore(tcp: [String], connect: [String], sentence: String) {
    #expect { try core(tcp: tcp, connect: connect) } throws: { "\($0)" == sentence }
  }

  @Test func listenersOfAnEdgeMayHaveTLS() throws {
    let tls = "tls: {certificate: certs/edge.pem, key: certs/edge.key}"
    let edge = try edge(
      "listeners: [{tcp: \"127.0.0.1:1\", service: a, \(tls)}, {proxy: \"127.0.0.1:2\", \(tls)}, \"127.0.0.1:3\"]")
    #expect(edge.listeners.map { $0.certificate != nil } == [true, true, false])
    #expect { try self.edge("listeners: [{address: \"127.0.0.1:1\", tls: {certificate: certs/edge.pem}}]") } throws: {
      "\($0)" == "edge.yaml:1: listeners[0].tls: TLS needs a certificate and its key; add certificate: FILE and key: FILE"
    }
  }

  @Test func tunnelsHaveLimits() throws {
    let limits = try core("limits: {tunnels_per_origin: 10, tunnels_per_peer: 20, tunnels_connecting: 5}").process.limits
    #expect((limits.tunnelsPerOrigin, limits.tunnelsPerPeer, limits.tunnelsConnecting) == (10, 20, 5))
    #expect { try core("limits: {tunnels_per_peer: 0}") } throws: {
      "\($0)" == "core.yaml:1: limits.tunnels_per_peer: 0 is out of range; choose from 1 to 1000000"
    }
  }
}
