import HTTPMessage
import Testing

@testable import Gateway

/// Which of the edges that are connected gets a request.
@Suite struct EdgeChoiceTests {
  private static let everywhere = EdgeRoute.fixed(EdgeTarget(service: "camera", edges: .group([:])))

  @Test func requestGoesToTheNamedEdgeUnderItsServicesName() {
    let scene = EdgeScene()
    let other = scene.connect(1, "shop-18")
    let edge = scene.connect(2)
    scene.open(.get("/x", host: "cam.cloud.example:8443")).receiveRequestEnd(trailers: nil)
    #expect(other.exchanges.isEmpty)
    let fields = edge.last?.request.head.fields
    #expect(fields?.text(.authority) == "camera")
    #expect(fields?.text(.path) == "/x")
    #expect(fields?.text(.via) == "2 \(EdgeScene.core)")
    #expect(fields?.text(.forwarded) == "for=\"10.0.0.1:40000\";host=\"cam.cloud.example:8443\";proto=http")
    edge.last?.answerAll(204)
    #expect(scene.status == 204)
    #expect(scene.events.summaries.first?.identity == "shop-17")
    #expect(scene.events.summaries.first?.service == "camera")
    #expect(scene.events.summaries.first?.direction == .coreToEdge)
  }

  @Test func edgesTakeTurnsWhateverElseHappens() {
    let scene = EdgeScene(Self.everywhere)
    let edges = (1...3).map { scene.connect(UInt64($0), "shop-\($0)") }
    for turn in 0..<9 {
      scene.open()
      // A change of another edge must not begin the turns anew.
      if turn == 4 { scene.registry.migrated(EdgeConnectionID(1), peerAddress: "192.0.2.9:1") }
      if turn == 5 { scene.connect(99, "shop-99", services: ["other"]) }
    }
    #expect(edges.map(\.exchanges.count) == [3, 3, 3])
  }

  @Test func leastBusyGoesWhereFewestRequestsAreOpen() {
    let scene = EdgeScene(.fixed(EdgeTarget(service: "camera", edges: .group([:]), balance: .leastBusy)))
    let first = scene.connect(1, "shop-1")
    let second = scene.connect(2, "shop-2")
    for _ in 0..<4 { scene.open().receiveRequestEnd(trailers: nil) }
    #expect(first.exchanges.count == 2 && second.exchanges.count == 2)
    for exchange in second.exchanges { exchange.answerAll() }
    scene.open()
    scene.open()
    #expect(first.exchanges.count == 2 && second.exchanges.count == 4)
  }

  @Test func groupIsWhoHasTheLabelsAndMayHaveThem() {
    let rules = EdgeRules([
      EdgeRules.Rule(identities: IdentityPattern("*.berlin.example")!, labels: ["site": ["berlin"]]),
      EdgeRules.Rule(identities: IdentityPattern("*")!, services: ["camera"]),
    ])
    let scene = EdgeScene(.fixed(EdgeTarget(service: "camera", edges: .group(["site": "berlin"]))), rules: rules)
    let liar = scene.connect(1, "liar.paris.example", labels: ["site": "berlin"])
    let stranger = scene.connect(2, "b.berlin.example", labels: ["site": "paris"])
    let member = scene.connect(3, "a.berlin.example", labels: ["site": "berlin", "tier": "gold"])
    for _ in 0..<3 { scene.open() }
    #expect(liar.exchanges.isEmpty && stranger.exchanges.isEmpty)
    #expect(member.exchanges.count == 3)
    #expect(scene.events.facts.map(\.refused) == [["site=berlin"], ["site=paris"], ["tier=gold"]])
  }

  @Test func withoutARuleNoLabelCounts() {
    let scene = EdgeScene(.fixed(EdgeTarget(service: "camera", edges: .group(["site": "berlin"]))))
    let edge = scene.connect(1, labels: ["site": "berlin"])
    scene.open()
    #expect(edge.exchanges.isEmpty)
    #expect(scene.status == 502)
  }

  @Test func serviceThatAnIdentityMayNotClaimIsNotReached() {
    let rules = EdgeRules([EdgeRules.Rule(identities: IdentityPattern("shop-17")!, services: ["metrics"])])
    let scene = EdgeScene(rules: rules)
    let edge = scene.connect(1, services: ["camera", "metrics"])
    scene.open()
    #expect(edge.exchanges.isEmpty)
    #expect(scene.status == 404)
    #expect(scene.proxyStatus?.contains("may not expose the service") == true)
    scene.registry.rules = EdgeRules()
    scene.open()
    #expect(edge.exchanges.count == 1)
    #expect(scene.events.phases == ["connected 1", "changed 1"])
  }

  @Test func identityWithoutARuleMayClaimNothingWhereThereAreRules() {
    let scene = EdgeScene(rules: EdgeRules([EdgeRules.Rule(identities: IdentityPattern("shop-18")!)]))
    let edge = scene.connect(1)
    scene.open()
    #expect(edge.exchanges.isEmpty)
    #expect(scene.status == 404)
  }

  @Test func serviceThatTheEdgeDoesNotExposeIs404() {
    let scene = EdgeScene()
    scene.connect(1, services: ["metrics"])
    scene.open()
    #expect(scene.status == 404)
    #expect(scene.openWaits == 0)
  }

  @Test func announcementThatChangesCountsAtOnce() {
    let scene = EdgeScene()
    let edge = scene.connect(1, services: [])
    scene.registry.announced(
      EdgeConnectionID(1), .init(instance: [UInt8](repeating: 1, count: 16), version: "1.0", services: ["camera"]))
    scene.open()
    #expect(edge.exchanges.count == 1)
  }

  @Test func namesAreTheSameInAnyCaseAndURIsAreNot() {
    let scene = EdgeScene(.fixed(EdgeTarget(service: "camera", edges: .edge("Shop-17"))))
    let edge = scene.connect(1, "SHOP-17")
    scene.open()
    #expect(edge.exchanges.count == 1)
    let uris = EdgeScene(.fixed(EdgeTarget(service: "camera", edges: .edge("spiffe://shop/A"))))
    let other = uris.connect(1, "spiffe://shop/a")
    uris.open()
    #expect(other.exchanges.isEmpty)
    #expect(uris.status == 502)
  }

  @Test func instancesOfOneIdentityShareTheLoad() {
    let scene = EdgeScene()
    let first = scene.connect(1, instance: 1)
    let second = scene.connect(2, instance: 2)
    scene.registry.suspected(EdgeConnectionID(1), false)
    for _ in 0..<6 { scene.open() }
    #expect(first.exchanges.count == 3 && second.exchanges.count == 3)
    #expect(scene.replaced.isEmpty)
  }

  @Test(arguments: EdgeBalance.allCases) func identitiesTakeTurnsHoweverManyProcessesTheyHave(balance: EdgeBalance) {
    let scene = EdgeScene(.fixed(EdgeTarget(service: "camera", edges: .group([:]), balance: balance)))
    let many = (1...9).map { scene.connect(UInt64($0), "many", instance: UInt8($0)) }
    for number in 1...9 { scene.registry.suspected(EdgeConnectionID(UInt64(number)), false) }
    let single = scene.connect(10, "single")
    for _ in 0..<20 { scene.open() }
    #expect(single.exchanges.count == 10)
    #expect(many.map(\.exchanges.count).max() == 2)
  }

  @Test func aListenersConnectionsAreServedWhereItsEdgesAre() {
    let scene = EdgeScene(Self.everywhere)
    #expect(scene.gateway.otherLoop(for: "main") == nil)
    scene.connect(1, "shop-1", isHere: false, loop: 3)
    scene.connect(2, "shop-2", isHere: false, loop: 3)
    scene.connect(3, "shop-3", services: ["other"])
    #expect(scene.gateway.otherLoop(for: "main") == 3)
    // On several loops every place is as good as any other, and on this one there is no other.
    scene.connect(4, "shop-4", isHere: false, loop: 1)
    #expect(scene.gateway.otherLoop(for: "main") == nil)
    scene.registry.draining(EdgeConnectionID(4))
    #expect(scene.gateway.otherLoop(for: "main") == 3)
    scene.connect(5, "shop-5")
    #expect(scene.gateway.otherLoop(for: "main") == nil)
  }

  @Test func whereRequestsNameTheirEdgeAllThatAreThereCount() {
    let scene = EdgeScene(.byHost(suffix: Array("test".utf8), .roundRobin))
    scene.connect(1, "shop-1", isHere: false, loop: 2)
    scene.connect(2, "shop-2", services: ["other"], isHere: false, loop: 2)
    #expect(scene.gateway.otherLoop(for: "main") == 2)
    scene.connect(3, "shop-3", isHere: false, loop: 1)
    #expect(scene.gateway.otherLoop(for: "main") == nil)
  }

  @Test func noIdentityHasAnyNumberOfProcesses() {
    let scene = EdgeScene()
    for number in 1...32 { scene.connect(UInt64(number), instance: UInt8(number)) }
    func hasRoom(_ identity: String, _ instance: UInt8) -> Bool {
      scene.registry.hasRoom(for: identity, instance: [UInt8](repeating: instance, count: 16))
    }
    #expect(!hasRoom("SHOP-17", 33))
    // A process that is there may connect anew, and those of others come as they like.
    #expect(hasRoom("shop-17", 32) && hasRoom("shop-18", 33))
    scene.registry.draining(EdgeConnectionID(5))
    #expect(hasRoom("shop-17", 33))
  }
}
