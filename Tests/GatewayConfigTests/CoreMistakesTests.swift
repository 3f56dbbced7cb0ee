import Testing

@testable import GatewayConfig

/// Every mistake in a core's file is one sentence with its place, its key and what to do.
@Suite struct CoreMistakesTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
  }

  private func mistake(_ yaml: String) throws -> String {
    try workplace.write("core.yaml", yaml)
    do throws(ConfigurationError) {
      _ = try CoreConfiguration.load(file: "core.yaml", overrides: Overrides(), files: workplace.files)
      return "none"
    } catch {
      return error.description
    }
  }

  private static let emptyFile =
    "core.yaml: the file is empty, it sets no key; write into it what the samples in config/ show, or start without --config"

  @Test(arguments: [
    ("", emptyFile), ("# nothing\n", emptyFile), ("{}", emptyFile), ("null", emptyFile), ("--- ~", emptyFile),
    ("service: x", "core.yaml:1: service: this key is not known; did you mean “services”?"),
    ("services: {m: http://a}\ncertficate: x", "core.yaml:2: certficate: this key is not known; did you mean “certificate”?"),
    (
      "services: {m: http://a}\nflux_capacitor: 1",
      """
      core.yaml:2: flux_capacitor: this key is not known; known here: access, admin, ca, certificate, connect, default_service, \
      drain_timeout, early_data, edge_wait, edges, idempotent, identity, key, limits, listen, listeners, log, loops, modules, \
      name, qlog, services, transport
      """
    ),
    ("upstream: core:4433", "core.yaml:1: upstream: this key is not known; it belongs into the configuration of an edge"),
    ("listen: 4433", "core.yaml:1: listen: “4433” is not an address with a port; write host:port, as in \"[::]:4433\""),
    ("listen: \"[::]\"", "core.yaml:1: listen: “[::]” is not an address with a port; write host:port, as in \"[::]:4433\""),
    ("listen: [\"::\"]", "core.yaml:1: listen: an address in brackets is a list to YAML; put it in quotes, as in \"[::]:4433\""),
    (
      "listen: 1.2.3:4433",
      "core.yaml:1: listen: “1.2.3” is not an IPv4 address; write four numbers from 0 to 255, as in 127.0.0.1, or a name"
    ),
    (
      "listen: 127.0.0.1:0",
      "core.yaml:1: listen: port 0 would be another port at each start; write the port to listen on, as in \"[::]:4433\""
    ),
    ("listen:", "core.yaml:1: listen: it has no value; give it one or remove the key"),
    ("early_data: {accept: maybe}", "core.yaml:1: early_data.accept: “maybe” is not known here; write on, off"),
    (
      "early_data: {record: none}",
      "core.yaml:1: early_data.record: the folder none does not exist; make it, or name one that does"
    ),
    (
      "early_data: {redis_password: certs/ca.pem}",
      """
      core.yaml:1: early_data.redis_password: there is no redis that it could be the password of; add redis, or remove \
      redis_password
      """
    ),
    (
      "early_data: {send: on}",
      "core.yaml:1: early_data.send: this key is not known; known here: accept, record, redis, redis_password, ticket_keys"
    ),
    (
      "idempotent: [a/b]",
      """
      core.yaml:1: idempotent[0]: “a/b” names no gRPC method; write \"/package.Service/Method\", or \"/package.Service/*\" for \
      all of a service
      """
    ),
    ("expose: {m: http://a}", "core.yaml:1: expose: this key is not known; it belongs into the configuration of an edge"),
    (
      "early_data: {redis: here}",
      "core.yaml:1: early_data.redis: “here” is not an address with a port; write host:port, as in \"redis.internal:6379\""
    ),
    (
      "early_data: {redis: \"a:1\", ticket_keys: certs/ca.pem}",
      """
      core.yaml:1: early_data.ticket_keys: certs/ca.pem does not hold a key of 64 bytes in each line; write one of 128 \
      hexadecimal digits: openssl rand -hex 64 | tr -d '\\n'
      """
    ),
    ("qlog: none", "core.yaml:1: qlog: the folder none does not exist; make it, or name one that does"),
    ("qlog: certs/ca.pem", "core.yaml:1: qlog: certs/ca.pem is not a folder; name one"),
    ("qlog: true", "core.yaml:1: qlog: “true” is a truth value, not a text; put it in quotes if it is meant"),
    ("qlog:", "core.yaml:1: qlog: it has no value; give it one or remove the key"),
    ("services: {m: \"tcp://a\"}", "core.yaml:1: services.m: “tcp://a” names no port; write tcp://host:port"),
    (
      "services: {m: \"tcp://a:1/x\"}",
      "core.yaml:1: services.m: “tcp://a:1/x” has a path, which TCP knows nothing of; end it with the port"
    ),
    (
      "services: {m: [\"tcp://a:1\", \"http://a\"]}",
      "core.yaml:1: services.m[1]: origins of HTTP and of TCP cannot be mixed; make two services of them"
    ),
    (
      "services: {m: {origins: [\"tcp://a:1\"], hosts: [a]}}",
      "core.yaml:1: services.m.hosts: nothing is known of what crosses to a tcp:// origin but bytes; remove the key"
    ),
    ("connect: []", "core.yaml:1: connect: the list is empty; fill it or remove the key: without it nothing is reached"),
    (
      "connect: [\"*.internal:443\", db]",
      """
      core.yaml:1: connect[1]: “db” is not a host and a port; write host:port, \"*.internal:443\" for all names below one, or * \
      for any port
      """
    ),
    ("connect: [{allow: [a]}]", "core.yaml:1: connect[0]: the rule names no targets; add targets: [\"*.internal:443\"]"),
    (
      "connect: [{targets: \"a:1\", to: b}]",
      "core.yaml:1: connect[0].to: this key is not known; known here: allow, deny, targets"
    ),
    (
      "connect: [{targets: \"a:1\", allow: [\"urn:x\"]}]",
      """
      core.yaml:1: connect[0].allow[0]: “urn:x” is not a DNS name, as the identities of the edges are; write one, or say \
      identity: uri
      """
    ),
    ("identity: cn", "core.yaml:1: identity: “cn” is not known here; write dns, uri"),
    ("loops: 0", "core.yaml:1: loops: 0 is out of range; choose from 1 to 256"),
    ("loops: 99999999999999999999", "core.yaml:1: loops: 99999999999999999999 is out of range; write one from 1 to 256"),
    ("loops: two", "core.yaml:1: loops: “two” is not a whole number; write one from 1 to 256"),
    ("loops: 2.5", "core.yaml:1: loops: “2.5” is not a whole number; write one from 1 to 256"),
    ("drain_timeout: 25", "core.yaml:1: drain_timeout: “25” has no unit; add its unit, as in 25s or 25ms"),
    (
      "drain_timeout: 25 sec",
      "core.yaml:1: drain_timeout: “25 sec” is not a duration; write a whole number and ms, s, m or h, as in 10s"
    ),
    ("drain_timeout: 9999999999h", "core.yaml:1: drain_timeout: 9999999999h is out of range; choose from 0s to 1h"),
    ("drain_timeout: 2h", "core.yaml:1: drain_timeout: 2h is out of range; choose from 0s to 1h"),
    ("admin: 9901", "core.yaml:1: admin: “9901” is not an address with a port; write host:port, as in \"127.0.0.1:9901\""),
    ("log: json", "core.yaml:1: log: a text stands where a mapping is wanted; write key: value"),
    ("log:\n  formt: json", "core.yaml:2: log.formt: this key is not known; did you mean “format”?"),
    ("log:\n  format: xml", "core.yaml:2: log.format: “xml” is not known here; write text, json"),
    ("log: {access: maybe}", "core.yaml:1: log.access: “maybe” is neither true nor false; write one of them"),
    (
      "transport: {congestion_control: reno}",
      "core.yaml:1: transport.congestion_control: “reno” is not known here; write cubic, bbr2"
    ),
    (
      "transport: {max_udp_payload: 1100}",
      "core.yaml:1: transport.max_udp_payload: 1100 is out of range; choose from 1200 to 65527"
    ),
    ("transport: {maxStreams: 5}", "core.yaml:1: transport.maxStreams: this key is not known; did you mean “max_streams”?"),
    (
      "transport: {connection_budget: 32}",
      "core.yaml:1: transport.connection_budget: “32” has no unit; add its unit, as in 32KiB or 32MiB"
    ),
    (
      "transport: {connection_budget: 32MB}",
      "core.yaml:1: transport.connection_budget: “32MB” is not a size; write a whole number and B, KiB, MiB or GiB, as in 32MiB"
    ),
    (
      "transport: {connection_budget: 1KiB}",
      "core.yaml:1: transport.connection_budget: 1KiB is out of range; choose from 1MiB to 1GiB"
    ),
    (
      "transport: {connection_budget: 99999999999GiB}",
      "core.yaml:1: transport.connection_budget: 99999999999GiB is out of range; choose from 1MiB to 1GiB"
    ),
    ("transport: {idle_timeout: 1s}", "core.yaml:1: transport.idle_timeout: 1s is out of range; choose from 5s to 600s"),
    ("transport: {shield: on}", "core.yaml:1: transport.shield: “on” is not known here; write off, auto, always"),
    ("transport: {gso: maybe}", "core.yaml:1: transport.gso: “maybe” is not known here; write auto, off"),
    (
      "limits: {fields: 4KiB}",
      "core.yaml:1: limits: field_value (32KiB) is more than fields (4KiB); raise fields or lower field_value"
    ),
    (
      "limits: {idle: 1s}",
      """
      core.yaml:1: limits.idle: this key is not known; known here: connect, field_value, fields, idle_client, request_head, \
      tunnels_connecting, tunnels_per_origin, tunnels_per_peer
      """
    ),
    ("name: \"\"", "core.yaml:1: name: the name is empty; write one or remove the key"),
    ("services: []", "core.yaml:1: services: a list stands where a mapping is wanted; write key: value"),
    (
      "services: {Modules: http://a}",
      "core.yaml:1: services.Modules: “Modules” cannot be the name of a service; use lower-case letters, digits, “-”, “_” and “.”"
    ),
    ("services: {m: }", "core.yaml:1: services.m: it has no value; give it one or remove the key"),
    ("services: {m: 3000}", "core.yaml:1: services.m: “3000” is a number, not a text; put it in quotes if it is meant"),
    ("services: {m: {host: origin}}", "core.yaml:1: services.m: the service has no origins; add origins: [http://host:port]"),
    ("services: {m: []}", "core.yaml:1: services.m: the list is empty; add an origin, as in http://127.0.0.1:3000"),
    (
      "services:\n  m:\n    origins:\n      - localhost:3000",
      """
      core.yaml:4: services.m.origins[0]: “localhost:3000” has no scheme; write http://host:port, h2c://host:port, \
      https://host:port or tcp://host:port
      """
    ),
    (
      "services: {m: {origins: [http://a, ftp://b]}}",
      """
      core.yaml:1: services.m.origins[1]: “ftp” is not a scheme that origins are reached by; write http:// (HTTP/1.1), h2c:// \
      (HTTP/2 without TLS), https://, tcp:// or unix:/path
      """
    ),
    (
      "services: {m: [http://a, https://b]}",
      "core.yaml:1: services.m[1]: origins with and without TLS cannot be mixed; make two services of them"
    ),
    (
      "services: {m: [http://a/x, http://b]}",
      "core.yaml:1: services.m[1]: the origins of one service must have the same path; write “/x” or make two services"
    ),
    ("services: {m: [http://a, http://a:80]}", "core.yaml:1: services.m[1]: http://a stands twice; keep one of them"),
    (
      "services: {m: {origins: http://a, host: keep}}",
      "core.yaml:1: services.m.host: “keep” is not known here; write preserve, origin"
    ),
    (
      "services: {m: {origins: http://a, ca: x.pem}}",
      "core.yaml:1: services.m.ca: no origin of the service is reached by https://; remove ca or change the origins"
    ),
    (
      "services: {m: {origins: https://a, ca: x.pem}}",
      "core.yaml:1: services.m.ca: the file x.pem does not exist; name a PEM file with the certificates of the origins' CA"
    ),
    (
      "services: {m: {origins: http://a, strip: true}}",
      "core.yaml:1: services.m.strip: there is no path prefix to strip; add paths or remove strip"
    ),
    (
      "services: {m: {origins: http://a, paths: [x]}}",
      "core.yaml:1: services.m.paths[0]: “x” is not a path; write one that begins with “/” and has no “.” or “..” segments"
    ),
    (
      "services: {m: {origins: http://a, hosts: [\"a.example:80\"]}}",
      """
      core.yaml:1: services.m.hosts[0]: “a.example:80” is not a host name; write a name without a port, as in shop.example or \
      \"*.shop.example\"
      """
    ),
    (
      "services:\n  m: {origins: http://a, hosts: []}",
      "core.yaml:2: services.m.hosts: the list is empty; fill it or remove the key"
    ),
    (
      "services: {a: {origins: http://a, hosts: x.example}, b: {origins: http://b, hosts: [y.example, X.example]}}",
      "core.yaml:1: services.b.hosts: these requests go to the service “a” already; choose other hosts or paths"
    ),
    (
      "services: {m: {origins: http://a, priority: 8}}",
      "core.yaml:1: services.m.priority: 8 is out of range; choose from 0 to 7"
    ),
    (
      "services: {m: {origins: http://a, priority: high}}",
      "core.yaml:1: services.m.priority: “high” is not a whole number; write one from 0 to 7"
    ),
    (
      "services: {m: {origins: http://a, response_head: never}}",
      "core.yaml:1: services.m.response_head: “never” is not a duration; write a whole number and ms, s, m or h, as in 10s"
    ),
    (
      "services: {m: http://a, n: http://b}\ndefault_service: mm",
      "core.yaml:2: default_service: there is no service “mm”; did you mean “m”?"
    ),
    ("services: {m: http://a}\naccess: {n: {allow: [x]}}", "core.yaml:2: access.n: there is no service “n”; did you mean “m”?"),
    (
      "services: {m: http://a}\naccess: {m: {}}",
      "core.yaml:2: access.m: the rule says nothing; add allow or deny with a list of identities"
    ),
    (
      "services: {m: http://a}\naccess: {m: {alow: []}}",
      "core.yaml:2: access.m.alow: this key is not known; did you mean “allow”?"
    ),
    (
      "services: {m: http://a}\naccess: {m: {deny: [a*]}}",
      """
      core.yaml:2: access.m.deny[0]: “a*” is not an identity; write a name, \"*.shop.example\", \"spiffe://shop.example/*\" or \
      \"*\"
      """
    ),
    (
      "services: {m: http://a}\naccess: {m: {deny: [x, \"edge-1 \"]}}",
      """
      core.yaml:2: access.m.deny[1]: “edge-1 ” is not an identity; write a name, \"*.shop.example\", \
      \"spiffe://shop.example/*\" or \"*\"
      """
    ),
    (
      "services: {m: http://a}\nidentity: uri\naccess: {\"*\": {deny: [edge-1]}}",
      "core.yaml:3: access.*.deny[0]: “edge-1” is not a URI, as the identities of the edges are; write one, or say identity: dns"
    ),
    (
      "services: {m: http://a}\naccess: {m: {allow: [\"spiffe://a.example/*\"]}}",
      """
      core.yaml:2: access.m.allow[0]: “spiffe://a.example/*” is not a DNS name, as the identities of the edges are; write one, \
      or say identity: uri
      """
    ),
    (
      "services: {m: \"http://h:0\"}",
      "core.yaml:1: services.m: “http://h:0” names no valid host and port; write http://host:port"
    ),
    (
      "services: {m: http://a}\naccess: {m: {deny: {a: b}}}",
      "core.yaml:2: access.m.deny: a mapping stands where a list is wanted; write a list, as in [a, b]"
    ),
    ("- a", "core.yaml:1: a list stands where a mapping is wanted; write key: value"),
    ("? [a]\n: b", "core.yaml:1: a key is a list or a mapping; write key: value"),
  ])
  func isOneSentence(yaml: String, sentence: String) throws {
    #expect(try mistake(yaml) == sentence)
  }

  @Test func brokenYAMLIsSaidWithItsLine() throws {
    #expect(try mistake("services:\n  a: \"x\n").hasPrefix("core.yaml:3: this is not YAML ("))
    #expect(try mistake("listen: [::]:4433\n").hasSuffix("put addresses with brackets in quotes, as in \"[::]:4433\""))
    #expect(try mistake("a: 1\nb: 2\na: 3\n").contains("a: the key stands twice in one mapping; keep one of them"))
    #expect(try mistake("a: &x [*x]\n").hasPrefix("core.yaml"))
    #expect(try mistake("--- {}\n--- {}\n").hasPrefix("core.yaml"))
  }

  @Test(arguments: [
    ("access:\n  modules: {deny: a}\n  modules: {deny: b}\n", "access.modules"),
    ("services:\n  a:\n    - http://a\n  b:\n    origins: http://b\n    \"host\": origin\n    host: origin\n", "services.b.host"),
    ("x: [{a: 1}, {b: 1, b: 2}]\n", "x[1].b"), ("a: 1\nb: {c: 1, c: 2}\na: 2\n", "b.c"),
  ])
  func aKeyThatStandsTwiceIsNamedWithItsPath(yaml: String, path: String) throws {
    let sentence = try mistake(yaml)
    #expect(sentence.hasSuffix(": \(path): the key stands twice in one mapping; keep one of them"), "\(sentence)")
  }

  @Test func aCoreWithoutServicesStartsWithAWarning() throws {
    try workplace.write("core.yaml", "loops: 1\n")
    let checked = try CoreConfiguration.load(file: "core.yaml", overrides: Overrides(), files: workplace.files)
    #expect(checked.configuration.policy.routing.services.isEmpty)
    #expect(
      checked.warnings.map(\.description) == [
        """
        services: no service is configured: every request gets 404; add one with --service NAME=URL or under services: in the \
        file
        """
      ])
    #expect(try CoreConfiguration.load(file: nil, overrides: Overrides(), files: workplace.files).warnings.count == 1)
  }

  @Test func fileThatIsNotThereOrNotText() throws {
    #expect {
      try CoreConfiguration.load(file: "none.yaml", overrides: Overrides(), files: workplace.files)
    } throws: {
      "\($0)" == "--config: the file none.yaml does not exist; name a configuration file that exists"
    }
    #expect {
      try CoreConfiguration.load(file: "certs", overrides: Overrides(), files: workplace.files)
    } throws: {
      "\($0)" == "--config: certs is a folder; name a file"
    }
  }

  @Test func aNULByteIsSaidWithItsLine() throws {
    #expect(
      try mistake("loops: 1\nname: a\0b\n")
        == "core.yaml:2: the file has a NUL byte in it, so it is not text; save it as UTF-8")
  }

  @Test func bytesThatAreNotUTF8AreRefused() throws {
    try workplace.write("core.yaml", bytes: [0x61, 0xff, 0xfe])
    #expect {
      try CoreConfiguration.load(file: "core.yaml", overrides: Overrides(), files: workplace.files)
    } throws: {
      "\($0)" == "core.yaml: the file is not UTF-8 text; save it as UTF-8"
    }
  }
}
