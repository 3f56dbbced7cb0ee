import Exchange
import HTTPMessage
import Testing

@testable import Gateway

/// How a request on a core's listener says which edge it is for.
@Suite struct EdgeRoutesTests {
  @Test func hostNamesServiceAndEdge() {
    let scene = EdgeScene(.byHost(suffix: Array("edges.example".utf8), .roundRobin))
    let plain = scene.connect(1, "shop-17")
    let dotted = scene.connect(2, "shop-18.shops.example")
    scene.open(.get(host: "camera.shop-17.edges.example:8443"))
    scene.open(.get(host: "CAMERA.Shop-18.Shops.Example.Edges.EXAMPLE"))
    #expect(plain.exchanges.count == 1)
    #expect(dotted.exchanges.count == 1)
    #expect(dotted.last?.request.head.fields.text(.authority) == "camera")
    #expect(dotted.last?.request.head.fields.text(.forwarded)?.contains("host=\"CAMERA.Shop-18.Shops.Example.Edges.EXAMPLE\"") == true)
  }

  @Test(arguments: [
    "edges.example", "camera.edges.example", ".shop-17.edges.example", "camera..edges.example", "camera.shop-17.example",
    "camera.shop-17.notedges.example", "camera.shop-17xedges.example", "127.0.0.1",
  ])
  func hostThatNamesNoneIs404(host: String) {
    let scene = EdgeScene(.byHost(suffix: Array("edges.example".utf8), .roundRobin))
    scene.connect(1)
    scene.open(.get(host: host))
    #expect(scene.status == 404)
  }

  @Test func fieldsNameThemAndEndHere() {
    let scene = EdgeScene(.byField(edge: RoutingField("X-Edge")!, service: .field(RoutingField("X-Service")!), .roundRobin))
    let edge = scene.connect(1)
    scene.open(.get(fields: ["x-edge": "Shop-17", "x-service": "camera", "x-other": "stays"]))
    let fields = edge.last?.request.head.fields
    #expect(fields?.text("x-edge") == nil && fields?.text("x-service") == nil)
    #expect(fields?.text("x-other") == "stays")
  }

  @Test func fieldMayNameTheEdgeAlone() {
    let scene = EdgeScene(.byField(edge: RoutingField("x-edge")!, service: .fixed("camera"), .roundRobin))
    let edge = scene.connect(1)
    scene.open(.get(fields: ["x-edge": "shop-17"]))
    #expect(edge.exchanges.count == 1)
  }

  @Test func missingDoubledOrEmptyFieldIs400() {
    let scene = EdgeScene(.byField(edge: RoutingField("x-edge")!, service: .fixed("camera"), .roundRobin))
    scene.connect(1)
    scene.open(.get())
    #expect(scene.status == 400)
    scene.open(.get(fields: ["x-edge": ""]))
    #expect(scene.status == 400)
    var doubled: FieldSection = ["x-edge": "shop-17"]
    doubled.append("x-edge", "shop-18")
    scene.open(.get(fields: doubled))
    #expect(scene.status == 400)
  }

  @Test func fieldThatHoldsNoServiceIs400() {
    let scene = EdgeScene(.byField(edge: RoutingField("x-edge")!, service: .field(RoutingField("x-service")!), .roundRobin))
    scene.connect(1)
    scene.open(.get(fields: ["x-edge": "shop-17", "x-service": "a b\u{1}"]))
    #expect(scene.status == 400)
    // What a client makes up does not become a name in logs and metrics.
    #expect(scene.events.summaries.last?.service == "-")
  }

  @Test(arguments: ["", "a b", "host", "Via", "forwarded", "quicgw-edge", ":path"])
  func fieldsWithAMeaningOfTheirOwnAreNotForRouting(name: String) {
    #expect(RoutingField(name) == nil)
  }

  @Test func listenerThatIsNotConfiguredAnyMoreIs404() {
    let scene = EdgeScene()
    scene.connect(1)
    scene.open(listener: "former")
    #expect(scene.status == 404)
  }

  @Test func requestThatHasPassedThisCoreIsCut() {
    let scene = EdgeScene()
    let edge = scene.connect(1)
    scene.open(.get(fields: ["via": "2 quicgw-edge-1, 3 \(EdgeScene.core)"]))
    #expect(edge.exchanges.isEmpty)
    #expect(scene.status == 502)
    #expect(scene.proxyStatus?.contains("proxy_loop_detected") == true)
  }

  @Test func identityThatAClientClaimsDoesNotReachTheEdge() {
    let scene = EdgeScene()
    let edge = scene.connect(1)
    scene.open(.get(fields: ["quicgw-edge": "forged"]))
    #expect(edge.last?.request.head.fields.contains(.quicgwEdge) == false)
  }

  @Test func originOfAnEdgeIsNotToldTheNameOfTheCore() {
    let scene = Scene(.edge, policy: .services("camera"))
    let gateway = Gateway(
      hop: Hop(role: .edge, direction: .coreToEdge, name: Scene.edge), policy: .services("camera"),
      destinations: .origins { _ in scene.destination }, events: scene.events, now: { scene.now })
    let origin = RequestOrigin(wire: .http3, identity: "core.example", peerAddress: "192.0.2.1:4433", listener: "link", isSecure: true)
    _ = gateway.open(.init(head: .get(host: "camera", fields: ["quicgw-edge": "forged"]), origin: origin), respondingTo: scene.client)
    #expect(scene.destination.requests.count == 1)
    #expect(!scene.destination.fields.contains(.quicgwEdge))
  }

  @Test func exposedServicesAreFoundByTheirNamesOnly() {
    let table = RoutingTable(services: [.at("camera")], isStrict: true)
    func service(_ host: String) -> String? {
      table.route(listener: "x", authority: Authority(Array(host.utf8)[...])!, path: Array("/".utf8)[...])?.service.name
    }
    #expect(service("camera") == "camera")
    #expect(service("camera.internal") == nil)
    #expect(service("other") == nil)
  }
}
