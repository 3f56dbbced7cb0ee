import HTTPMessage
import Testing

@testable import Gateway

/// What a core makes of a head that comes over the link.
@Suite struct HeadsTowardsOriginsTests {
  private let forwarded: FieldSection = [
    "forwarded": "for=\"127.0.0.1:50000\";host=\"shop.example:8080\";proto=http", "via": "1.1 \(Scene.edge)",
  ]

  @Test func originGetsTheClientsAuthorityAndTheVerifiedIdentity() {
    let scene = Scene(.core, policy: .services("modules", "echo"))
    scene.open(.get("/x", host: "modules", fields: forwarded), identity: "edge-1", wire: .http3)
    let fields = scene.destination.fields
    #expect(scene.destination.services == ["modules"])
    #expect(fields.text(.authority) == "shop.example:8080")
    #expect(fields.text(.scheme) == "http")
    #expect(fields.text(.quicgwEdge) == "edge-1")
    #expect(fields.all(.via).map { String(decoding: $0, as: UTF8.self) } == ["1.1 \(Scene.edge)", "3 \(Scene.core)"])
    #expect(fields.all(.forwarded).count == 1)
    #expect(fields.text("cdn-loop") == Scene.core)
  }

  @Test(arguments: [Scene.core, "other.example, \(Scene.core)", "\(Scene.core);v=1", "\(Scene.core) ; v=\"1\""])
  func requestWhoseViaWasTakenAwayIsRefusedAllTheSame(value: String) {
    let scene = Scene(.core, policy: .services("modules"))
    scene.open(.get(host: "modules", fields: ["cdn-loop": value]))
    #expect(scene.status == 502)
    #expect(scene.destination.requests.isEmpty)
  }

  @Test(arguments: ["other.example", "\(Scene.core)x", "x;v=\(Scene.core)"]) func loopsOfOthersAreTheirs(value: String) {
    let scene = Scene(.core, policy: .services("modules"))
    scene.open(.get(host: "modules", fields: ["cdn-loop": value]))
    #expect(scene.destination.fields.all("cdn-loop").map { String(decoding: $0, as: UTF8.self) } == [value, Scene.core])
  }

  @Test func aHeadForOneServiceBecomesOneForAnother() throws {
    let own = Service(name: "modules", origins: [try OriginURL("http://origin.internal/base")], host: .origin)
    let proxy = Service(name: "goproxy", origins: [try OriginURL("https://proxy.example:8443/all/of")], host: .origin)
    let mirror = Service(name: "mirror", origins: [try OriginURL("http://mirror.internal")])
    let head = RequestHead(
      method: "GET", authority: "origin.internal", path: "/base/a.test/@v/list?x", fields: forwarded)
    func readdressed(_ service: Service) -> [String?] {
      var head = head
      service.readdress(&head, from: own)
      return [head.fields.text(.scheme), head.fields.text(.authority), head.fields.text(.path)]
    }
    #expect(readdressed(proxy) == ["https", "proxy.example:8443", "/all/of/a.test/@v/list?x"])
    #expect(readdressed(mirror) == ["http", "shop.example:8080", "/a.test/@v/list?x"], "the client's own authority")
  }

  @Test func hostOfTheOriginWhereTheServiceSaysSo() throws {
    let origin = try OriginURL("https://origin.internal:8443/base")
    let scene = Scene(.core, policy: Policy(routing: RoutingTable(services: [.at("modules", origin: origin, host: .origin)])))
    scene.open(.get("/x?y", host: "modules", fields: forwarded), identity: "edge-1")
    #expect(scene.destination.fields.text(.authority) == "origin.internal:8443")
    #expect(scene.destination.fields.text(.scheme) == "https")
    #expect(scene.destination.fields.text(.path) == "/base/x?y")
    #expect(scene.destination.fields.text(.forwarded)?.contains("host=\"shop.example:8080\"") == true)
  }

  @Test func strippedPrefixAndBasePathMeet() throws {
    let origin = try OriginURL("http://origin.internal/base")
    let routing = RoutingTable(
      services: [.at("modules", origin: origin)], routes: [Route(pathPrefix: "/go", strip: true, service: "modules")])
    let scene = Scene(.core, policy: Policy(routing: routing))
    scene.open(.get("/go/x", host: "some.example"))
    scene.open(.get("/go", host: "some.example"))
    scene.open(.get("/go/x", host: "modules"))
    #expect(scene.destination.requests.map { $0.head.fields.text(.path) } == ["/base/x", "/base/", "/base/go/x"])
  }

  @Test func directClientsAuthorityIsItsOwn() {
    let scene = Scene(.core, policy: .services("modules"))
    scene.open(.get(host: "core.example:4433"), identity: "ci", wire: .http3, peer: "192.0.2.7:1000", isSecure: true)
    #expect(scene.destination.fields.text(.authority) == "core.example:4433")
    #expect(scene.destination.fields.text(.forwarded) == "for=\"192.0.2.7:1000\";host=\"core.example:4433\";proto=https")
  }

  @Test(arguments: [
    ("for=a;host=x.example", "x.example"), ("for=a;HOST=\"x.example:1\"", "x.example:1"),
    ("host=first.example, for=b;host=last.example", "last.example"),
    ("host=\"a.example\" , for=\"b\" ; host=localhost:8080 ;proto=http", "localhost:8080"),
    ("host=first.example, for=b", "modules"), ("for=\"a,host=evil\"", "modules"),
    ("for=\"a\\\",host=evil.example\"", "modules"), ("", "modules"), (",,host=x.example,", "modules"),
  ])
  func lastElementNamesTheClientsAuthority(value: String, authority: String) {
    let scene = Scene(.core, policy: .services("modules"))
    scene.open(.get(host: "modules", fields: ["forwarded": value]))
    #expect(scene.destination.fields.text(.authority) == authority)
  }

  @Test func lastOfSeveralFieldsCounts() {
    var fields: FieldSection = ["forwarded": "host=forged.example"]
    fields.append(.forwarded, "for=x;host=true.example")
    let scene = Scene(.core, policy: .services("modules"))
    scene.open(.get(host: "modules", fields: fields))
    #expect(scene.destination.fields.text(.authority) == "true.example")
  }

  @Test(arguments: ["host=\"open", "host=\"a b\"", "host=user@x", "host=\"x\\\"y\"", "host=\"\""])
  func unreadableForwardedIsRefused(value: String) {
    let scene = Scene(.core, policy: .services("modules"))
    scene.open(.get(host: "modules", fields: ["forwarded": value]))
    #expect(scene.status == 400)
    #expect(scene.destination.requests.isEmpty)
  }

  @Test func unknownServiceGets404WithProxyStatus() {
    let scene = Scene(.core, policy: .services("modules", "echo"))
    scene.open(.get(host: "shop.example"), identity: "edge-1")
    #expect(scene.status == 404)
    #expect(
      scene.client.heads.last?.fields.text(.proxyStatus)?.hasPrefix("\(Scene.core); error=destination_not_found; details=")
        == true)
    #expect(scene.summary?.service == "-")
    #expect(scene.summary?.reason?.contains("“shop.example”") == true)
  }

  @Test func clientCannotForgeAnIdentity() {
    for identity in [nil, "edge-1"] {
      let scene = Scene(.core, policy: .services("modules"))
      var fields: FieldSection = ["quicgw-edge": "admin", "x": "y"]
      fields.append(.quicgwEdge, "root")
      fields.append("quicgw_edge", "admin")
      scene.open(.get(host: "modules", fields: fields), identity: identity)
      #expect(
        scene.destination.fields.all(.quicgwEdge).map { String(decoding: $0, as: UTF8.self) } == (identity.map { [$0] } ?? []))
      #expect(scene.destination.fields.text("x") == "y")
      #expect(!scene.destination.fields.contains("quicgw_edge"))
    }
    let edge = Scene(.edge)
    edge.open(.get(fields: ["quicgw-edge": "admin"]))
    #expect(!edge.destination.fields.contains(.quicgwEdge))
  }

  @Test func identityIsRemovedFromTrailersAndAnswers() {
    let scene = Scene(.core, policy: .services("modules"))
    let request = scene.open(
      RequestHead(method: "POST", authority: "modules", path: "/", bodyLength: .unknown), identity: "edge-1")
    request.receiveRequestEnd(trailers: ["quicgw-edge": "admin", "a": "b"])
    #expect(scene.destination.sink.parts == [.end(["a": "b"])])
    scene.destination.answer?.receiveInterim(ResponseHead(status: 103, fields: ["quicgw-edge": "x", "link": "y"]))
    scene.destination.answer?.receiveHead(
      ResponseHead(status: 200, fields: ["quicgw-edge": "x", "c": "d"], bodyLength: .unknown))
    scene.destination.answer?.receiveResponseEnd(trailers: ["quicgw-edge": "x", "e": "f"])
    #expect(scene.client.heads.map(\.fields) == [[":status": "103", "link": "y"], [":status": "200", "c": "d"]])
    #expect(scene.client.parts.last == .end(["e": "f"]))
  }
}

/// Requests that come back are cut.
@Suite struct LoopTests {
  @Test(arguments: [
    "2 \(Scene.edge)", "1.1 first, 3 \(Scene.edge) (comment)", "2 a,HTTP/1.1   \(Scene.edge)", " 2\t\(Scene.edge) ,2 b",
  ])
  func requestThatHasPassedThisHopIsRefused(via: String) {
    let scene = Scene(.edge)
    scene.open(.get(fields: ["via": via]))
    #expect(scene.status == 502)
    #expect(scene.client.heads.last?.fields.text(.proxyStatus)?.contains("error=proxy_loop_detected") == true)
    #expect(scene.destination.requests.isEmpty)
  }

  @Test func everyViaFieldIsLookedAt() {
    var fields: FieldSection = ["via": "1.1 first"]
    fields.append(.via, "2 \(Scene.edge)")
    let scene = Scene(.edge)
    scene.open(.get(fields: fields))
    #expect(scene.status == 502)
  }

  @Test(arguments: ["2 \(Scene.edge)0", "2 x\(Scene.edge)", "2 \(Scene.core)", "\(Scene.edge) x", "2 a (\(Scene.edge))", ""])
  func otherHopsAreNoLoop(via: String) {
    let scene = Scene(.edge)
    scene.open(.get(fields: ["via": via]))
    #expect(scene.status == nil)
  }

  @Test func nameOfAHopIsMadeFromItsInstance() {
    #expect(Hop.name(role: .core, instance: [0, 255, 0, 255, 1, 2]) == Scene.core)
  }
}
