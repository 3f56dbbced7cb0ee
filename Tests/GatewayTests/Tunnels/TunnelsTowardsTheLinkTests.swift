import HTTPMessage
import Testing

@testable import Gateway

/// Which tunnels an edge passes on, and under which names.
@Suite struct TunnelsTowardsTheLinkTests {
  private let policy: Policy = {
    var policy = Policy(
      routing: RoutingTable(
        services: [Service(name: "postgres"), Service(name: "shop")], answersToNames: false, listeners: ["db": "postgres"],
        defaultService: "shop"))
    policy.proxies = ["proxy"]
    return policy
  }()

  @Test func aTCPListenersConnectionIsForItsService() {
    let scene = Scene(.edge, policy: policy)
    scene.open(.connect("127.0.0.1:15432"), wire: .tcp, listener: "db")
    #expect(scene.destination.fields.text(.authority) == "postgres:15432")
    #expect(scene.destination.fields.text(.via) == "TCP \(Scene.edge)")
    #expect(scene.destination.requests.last?.head.fields.contains(.path) == false)
    #expect(scene.destination.requests.last?.head.fields.contains(.scheme) == false)
  }

  @Test func aProxysClientNamesItsTarget() {
    let scene = Scene(.edge, policy: policy)
    scene.open(.connect("DB.internal:5432"), listener: "proxy")
    #expect(scene.destination.fields.text(.authority) == "db.internal:5432")
  }

  @Test(arguments: ["main", "db"])
  func otherListenersAreNoProxies(listener: String) {
    let scene = Scene(.edge, policy: policy)
    scene.open(.connect("db.internal:5432"), listener: listener)
    #expect(scene.status == 403)
    #expect(scene.destination.requests.isEmpty)
  }

  @Test func aProxyTakesNothingElse() {
    let scene = Scene(.edge, policy: policy)
    scene.open(.get(), listener: "proxy")
    #expect(scene.status == 403)
    let webSocket = Scene(.edge, policy: policy)
    webSocket.open(.webSocket(), listener: "proxy")
    #expect(webSocket.status == 403)
  }

  @Test func anUpgradeIsRoutedAsARequest() {
    let scene = Scene(.edge, policy: policy)
    scene.open(.webSocket())
    let fields = scene.destination.fields
    #expect(fields.text(.authority) == "shop")
    #expect(fields.text(.path) == "/chat")
    #expect(fields.text(.protocol) == "websocket")
    #expect(fields.text(.forwarded)?.contains("host=\"shop.example\"") == true)
  }

  @Test func upgradesMayBeOff() {
    var policy = policy
    policy.passesUpgrades = false
    let scene = Scene(.edge, policy: policy)
    scene.open(.webSocket())
    #expect(scene.status == 501)
  }

  @Test func onlyConnectHasAProtocol() {
    let scene = Scene(.edge, policy: policy)
    var head = RequestHead.get()
    head.fields.prepend(.protocol, Array("websocket".utf8))
    scene.open(head)
    #expect(scene.status == 400)
  }

  @Test func aTunnelThatComesBackIsALoop() {
    let scene = Scene(.edge, policy: policy)
    scene.open(.connect("db.internal:5432", fields: ["via": "1.1 \(Scene.edge)"]), listener: "proxy")
    #expect(scene.status == 502)
    #expect(scene.destination.requests.isEmpty)
  }

  @Test(arguments: ["", "db", "db:", "db:0", "db:65536", "a b:1", "a%2eb:1", "user@db:1", "[::1:1", "a/b:1"])
  func aTargetMustBeOne(authority: String) {
    let scene = Scene(.edge, policy: policy)
    scene.open(.connect(authority), listener: "proxy")
    #expect(scene.status == 400)
  }
}
