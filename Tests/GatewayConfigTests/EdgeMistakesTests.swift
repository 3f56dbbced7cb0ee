import Testing

@testable import GatewayConfig

/// Every mistake in an edge's file is one sentence with its place, its key and what to do.
@Suite struct EdgeMistakesTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
  }

  private func mistake(_ yaml: String, _ overrides: Overrides = Overrides()) throws -> String {
    try workplace.write("edge.yaml", yaml)
    do throws(ConfigurationError) {
      _ = try EdgeConfiguration.load(file: "edge.yaml", overrides: overrides, files: workplace.files)
      return "none"
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    ("loops: 1", "upstream: there is no core to link to; add “upstream: core.example:4433” or give --upstream"),
    ("upstream: []", "upstream: there is no core to link to; add “upstream: core.example:4433” or give --upstream"),
    (
      "upstream: core.example",
      "edge.yaml:1: upstream: “core.example” is not an address with a port; write host:port, as in \"core.example:4433\""
    ),
    (
      "upstream: a:1\nidempotent: [/shop.Prices/Get, shop.Stock]",
      """
      edge.yaml:2: idempotent[1]: “shop.Stock” names no gRPC method; write \"/package.Service/Method\", or \
      \"/package.Service/*\" for all of a service
      """
    ),
    (
      "upstream: a:1\nearly_data: {tickets: none}",
      "edge.yaml:2: early_data.tickets: the folder none does not exist; make it, or name one that does"
    ),
    (
      "upstream: a:1\nlisteners: [{tcp: \"127.0.0.1:5432\"}]",
      "edge.yaml:2: listeners[0]: a listener for TCP is for one service, and none is named; add service: NAME"
    ),
    (
      "upstream: a:1\nlisteners: [{proxy: \"127.0.0.1:3128\", service: m}]",
      """
      edge.yaml:2: listeners[0].service: each request of a proxy's client names where it goes; remove service, or write address \
      or tcp for proxy
      """
    ),
    (
      "upstream: a:1\nlisteners: [{address: \"127.0.0.1:1\", tcp: \"127.0.0.1:2\", service: m}]",
      "edge.yaml:2: listeners[0].tcp: the listener has an address already, in address; make two listeners of it"
    ),
    (
      "upstream: a:1\nlink: {extended_connect: maybe}",
      "edge.yaml:2: link.extended_connect: “maybe” is not known here; write on, off"
    ),
    (
      "upstream: core.example:0",
      "edge.yaml:1: upstream: a core has no port 0; write the port that it listens on, as in core.example:4433"
    ),
    (
      "upstream: [a:1, b:1, a:1]",
      "edge.yaml:1: upstream[2]: the core a:1 is named twice; name each once"
    ),
    (
      "upstream: a:1\nlink: {suspect_after: 4s, lost_after: 3s}",
      "edge.yaml:2: link: suspect_after is not less than lost_after; lower suspect_after or raise lost_after"
    ),
    (
      "upstream: a:1\ntransport: {idle_timeout: 10s}\nlink: {lost_after: 11s}",
      """
      edge.yaml:3: link.lost_after: transport.idle_timeout ends a silent connection before; lower it, or raise \
      transport.idle_timeout
      """
    ),
    (
      "upstream: a:1\nlink: {keep_alive: 16s}",
      "edge.yaml:2: link.keep_alive: it is more than half of transport.idle_timeout; lower it, or raise transport.idle_timeout"
    ),
    (
      "upstream: a:1, b:1",
      "edge.yaml:1: upstream: “a:1, b:1” are several cores in one text; write a list, as in [\"a:1\", \"b:1\"]"
    ),
    (
      "upstream: https://core:4433",
      "edge.yaml:1: upstream: “https://core:4433” is not an address with a port; write host:port, as in \"core.example:4433\""
    ),
    (
      "upstream: a:1\nserver_name: a:1",
      "edge.yaml:2: server_name: “a:1” is not a host name; write the name in the core's certificate, without a port"
    ),
    ("services: {}", "edge.yaml:1: services: this key is not known; it belongs into the configuration of the core"),
    (
      "upstream: a:1\nlisteners: []", "edge.yaml:2: listeners: the list is empty; add a listener, as in {address: 127.0.0.1:8080}"
    ),
    (
      "upstream: a:1\nlisteners: [{service: m}]",
      """
      edge.yaml:2: listeners[0]: the listener has no address; add address: 127.0.0.1:8080, tcp: 127.0.0.1:5432 or proxy: \
      127.0.0.1:3128
      """
    ),
    (
      "upstream: a:1\nlisteners: [\":1\", \":1\"]",
      "edge.yaml:2: listeners[1]: two listeners have the address [::]:1; give each its own"
    ),
    (
      "upstream: a:1\nlisteners:\n  - 0.0.0.0:8080\n  - 127.0.0.1:8080",
      """
      edge.yaml:4: listeners[1]: 0.0.0.0:8080, and with it 127.0.0.1:8080, is taken by edge.yaml:3: listeners[0] of this same \
      process; give each its own port
      """
    ),
    (
      "upstream: a:1\nadmin: localhost:8080",
      """
      edge.yaml:2: admin: 127.0.0.1:8080, and with it localhost:8080, is taken by listeners of this same process; give each its \
      own port
      """
    ),
    (
      "upstream: a:1\nlisteners: [\":0\"]",
      """
      edge.yaml:2: listeners[0]: port 0 would be another port at each start; write the port to listen on, as in \
      \"127.0.0.1:8080\"
      """
    ),
    (
      "upstream: a:1\nroutes: [{path: /a, hosts: [], service: x}]",
      "edge.yaml:2: routes[0].hosts: the list is empty; fill it or remove the key"
    ),
    (
      "upstream: a:1\nlisteners: [{address: \":1\", name: x}, {address: \":2\", name: x}]",
      "edge.yaml:2: listeners[1].name: two listeners have the name “x”; give each its own"
    ),
    (
      "upstream: a:1\nlisteners: [{address: \":1\", service: http://x}]",
      """
      edge.yaml:2: listeners[0].service: “http://x” cannot be the name of a service; use lower-case letters, digits, “-”, “_” \
      and “.”
      """
    ),
    (
      "upstream: a:1\nlisteners: {address: \":1\"}",
      "edge.yaml:2: listeners: a mapping stands where a list is wanted; write a list, as in [a, b]"
    ),
    ("upstream: a:1\nroutes: [{hosts: [x]}]", "edge.yaml:2: routes[0]: the route names no service; add service: NAME"),
    (
      "upstream: a:1\nroutes: [{service: x}]",
      "edge.yaml:2: routes[0]: the route takes every request; add hosts or path, or write default_service instead"
    ),
    (
      "upstream: a:1\nroutes: [{hosts: x, strip: true, service: x}]",
      "edge.yaml:2: routes[0].strip: there is no path prefix to strip; add path or remove strip"
    ),
    (
      "upstream: a:1\nroutes:\n  - {path: /a, service: x}\n  - {path: /a/, service: y}",
      "edge.yaml:4: routes[1]: these requests go to the service “x” already; choose other hosts or another path"
    ),
    (
      "upstream: a:1\nroutes: [{paths: /a, service: x}]",
      "edge.yaml:2: routes[0].paths: this key is not known; did you mean “path”?"
    ),
    (
      "upstream: a:1\nroutes: [{path: /a/../b, service: x}]",
      "edge.yaml:2: routes[0].path: “/a/../b” is not a path; write one that begins with “/” and has no “.” or “..” segments"
    ),
    (
      "upstream: a:1\nroutes: {path: /a}",
      "edge.yaml:2: routes: a mapping stands where a list is wanted; write a list, as in [a, b]"
    ),
  ])
  func isOneSentence(yaml: String, sentence: String) throws {
    #expect(try mistake(yaml) == sentence)
  }

  @Test(arguments: [
    (["127.0.0.1:8090"], "127.0.0.1:8090", true), (["127.0.0.1:8090"], "127.0.0.1:8091", false),
    (["127.0.0.1:8090"], "[::1]:8090", false), (["0.0.0.0:8090"], "[::1]:8090", false), (["[::]:8090"], "127.0.0.1:8090", true),
    (["127.0.0.1:0"], "127.0.0.1:0", false),
  ])
  func aProcessThatWouldCollideWithItselfIsToldSo(listen: [String], admin: String, collides: Bool) throws {
    var overrides = Overrides()
    overrides.upstream = ["core:4433"]
    overrides.listen = listen
    overrides.admin = admin
    let sentence = try mistake("loops: 1", overrides)
    #expect(
      sentence.hasPrefix("--admin: ") && sentence.hasSuffix(" is taken by --listen of this same process; give each its own port")
        || !collides && sentence == "none", "\(sentence)")
  }

  @Test func flagsAreNamedByTheirFlag() throws {
    var overrides = Overrides()
    overrides.upstream = ["core"]
    #expect(
      try mistake("loops: 1", overrides)
        == "--upstream: “core” is not an address with a port; write host:port, as in \"core.example:4433\"")
    overrides.upstream = ["core:4433"]
    overrides.services = ["m=http://a"]
    #expect(try mistake("loops: 1", overrides) == "--service: services are told to the core; give it to quicgw server")
    overrides.services = []
    overrides.listen = ["8080"]
    #expect(
      try mistake("loops: 1", overrides) == "--listen: “8080” is not an address with a port; write host:port, as in \"127.0.0.1:8080\"")
  }
}
