import HTTPMessage
import Testing

@testable import Gateway

/// What an edge makes of a client's head.
@Suite struct HeadsTowardsTheLinkTests {
  private let toEcho = Policy(
    routing: RoutingTable(
      services: [Service(name: "echo"), Service(name: "api")], answersToNames: false, listeners: ["echo-only": "echo"],
      routes: [Route(pathPrefix: "/api", strip: true, service: "api")]))

  @Test func serviceBecomesTheAuthorityAndTheClientsGoesIntoForwarded() {
    let scene = Scene(.edge, policy: toEcho)
    scene.open(.get("/x", host: "shop.example:8080"), listener: "echo-only")
    let fields = scene.destination.fields
    #expect(fields.text(.authority) == "echo")
    #expect(fields.text(.scheme) == "https")
    #expect(fields.text(.path) == "/x")
    #expect(fields.text(.forwarded) == "for=\"127.0.0.1:50000\";host=\"shop.example:8080\";proto=http")
    #expect(fields.text(.via) == "2 \(Scene.edge)")
  }

  @Test func pseudoHeaderFieldsStayInFront() {
    let scene = Scene(.edge, policy: toEcho)
    var head = RequestHead.get(fields: ["accept": "*/*"])
    head.fields.remove(.authority)
    head.fields.append(.host, "shop.example")
    scene.open(head, listener: "echo-only")
    let names = scene.destination.fields.map { String(decoding: $0.name, as: UTF8.self) }
    let lastPseudo = names.lastIndex { $0.hasPrefix(":") }
    let firstRegular = names.firstIndex { !$0.hasPrefix(":") }
    #expect(lastPseudo! < firstRegular!)
    #expect(names.filter { $0.hasPrefix(":") }.sorted() == [":authority", ":method", ":path", ":scheme"])
    #expect(!names.contains("host"))
  }

  @Test func requestThatNoRuleTakesGoesOnUnderItsOwnHostName() {
    let scene = Scene(.edge)
    scene.open(.get(host: "shop.example:8080"))
    #expect(scene.destination.fields.text(.authority) == "shop.example")
    #expect(scene.destination.fields.text(.forwarded)?.contains("host=\"shop.example:8080\"") == true)
  }

  @Test func prefixIsStrippedOnlyWhereTheRouteSaysSo() {
    let scene = Scene(.edge, policy: toEcho)
    scene.open(.get("/api/v1?x=1"))
    scene.open(.get("/api"))
    scene.open(.get("/api?x"))
    scene.open(.get("/api/v1"), listener: "echo-only")
    #expect(scene.destination.requests.map { $0.head.fields.text(.path) } == ["/v1?x=1", "/", "/?x", "/api/v1"])
    #expect(scene.destination.requests.map { $0.head.fields.text(.authority) } == ["api", "api", "api", "echo"])
  }

  @Test func ambiguousPathIsRefusedWhereAPrefixDecides() {
    let scene = Scene(.edge, policy: toEcho)
    scene.open(.get("/api/../admin"))
    #expect(scene.status == 400)
    #expect(scene.destination.requests.isEmpty)
  }

  @Test func ambiguousPathPassesWhereNoPrefixDecides() {
    let scene = Scene(.edge, policy: toEcho)
    scene.open(.get("/a/../b"), listener: "echo-only")
    #expect(scene.destination.fields.text(.path) == "/a/../b")
  }

  @Test func forwardedOfEarlierProxiesIsKeptInFront() {
    let scene = Scene(.edge)
    scene.open(.get(fields: ["forwarded": "for=192.0.2.1;host=first.example, for=unknown"]))
    #expect(
      scene.destination.fields.all(.forwarded).map { String(decoding: $0, as: UTF8.self) } == [
        "for=192.0.2.1;host=first.example, for=unknown", "for=\"127.0.0.1:50000\";host=\"shop.example\";proto=http",
      ])
  }

  @Test(arguments: ["host=\"open", "for", "for=a b", "=x", "host=\"a\\", "for=1.2.3.4 host=x"])
  func unreadableForwardedIsRemoved(value: String) {
    let scene = Scene(.edge)
    scene.open(.get(fields: ["forwarded": value]))
    #expect(scene.destination.fields.all(.forwarded).count == 1)
    #expect(scene.destination.fields.text(.forwarded)?.hasPrefix("for=\"127.0.0.1:50000\"") == true)
  }

  @Test func schemeOfTheClientsConnectionTravelsInForwarded() {
    let scene = Scene(.edge)
    scene.open(.get(), wire: .http1, peer: "[2001:db8::1]:9", isSecure: true)
    #expect(scene.destination.fields.text(.forwarded) == "for=\"[2001:db8::1]:9\";host=\"shop.example\";proto=https")
    #expect(scene.destination.fields.text(.via) == "1.1 \(Scene.edge)")
  }

  @Test func peerThatIsNoAddressIsUnknown() {
    let scene = Scene(.edge)
    scene.open(.get(), peer: "unix:/run/\"x\"")
    #expect(scene.destination.fields.text(.forwarded)?.hasPrefix("for=unknown;") == true)
  }

  @Test(arguments: ["", "user@shop.example", "shop.example:99999", "shop example", "a\"b", "[::1"])
  func wrongAuthorityIsRefused(host: String) {
    let scene = Scene(.edge)
    scene.open(.get(host: host))
    #expect(scene.status == 400)
    #expect(scene.destination.requests.isEmpty)
    #expect(scene.summary?.outcome == .refused)
  }

  @Test func hostThatDiffersFromTheAuthorityIsRefused() {
    let scene = Scene(.edge)
    scene.open(.get(fields: ["host": "other.example"]))
    #expect(scene.status == 400)
    let twice = Scene(.edge)
    var fields: FieldSection = ["host": "shop.example"]
    fields.append(.host, "shop.example")
    twice.open(.get(fields: fields))
    #expect(twice.status == 400)
  }

  @Test func hostThatRepeatsTheAuthorityGoes() {
    let scene = Scene(.edge)
    scene.open(.get(fields: ["host": "shop.example"]))
    #expect(scene.status == nil)
    #expect(!scene.destination.fields.contains(.host))
  }

  @Test(arguments: ["", "x", "http://shop.example/", "?x"])
  func pathThatDoesNotBeginWithASlashIsRefused(path: String) {
    let scene = Scene(.edge)
    scene.open(.get(path))
    #expect(scene.status == 400)
  }

  @Test func clientsOwnFieldsPassUnchangedAndInOrder() {
    let scene = Scene(.edge)
    let fields: FieldSection = ["cookie": "a=1", "x-a": "1", "accept": "*/*", "te": "trailers", "grpc-timeout": "1S"]
    scene.open(.get(fields: fields))
    let passed = scene.destination.fields.filter { !$0.name.starts(with: ":".utf8) }.prefix(fields.count)
    #expect(
      passed.map { "\(String(decoding: $0.name, as: UTF8.self)): \(String(decoding: $0.value, as: UTF8.self))" }.joined(
        separator: "\n") == fields.description)
  }
}
