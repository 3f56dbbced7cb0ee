import HTTPMessage
import Testing

@testable import Gateway

/// What a core connects a tunnel to: services that are reached by TCP, and what the rules open to an identity.
@Suite struct TunnelsTowardsOriginsTests {
  private func policy(_ tunnels: TunnelRules = .none, access: AccessRules = .defaults) -> Policy {
    let postgres = Service.at("postgres", origin: OriginURL(scheme: .tcp, host: "10.0.0.1", port: 5432))
    var policy = Policy(routing: RoutingTable(services: [.at("shop"), postgres], defaultService: "shop"), access: access)
    policy.tunnels = tunnels
    return policy
  }

  private func rule(_ targets: String..., allow: [String]? = nil, deny: [String] = []) -> TunnelRules.Rule {
    TunnelRules.Rule(
      targets: targets.compactMap { TargetPattern($0) },
      access: AccessRules.Rule(allow: allow?.compactMap { IdentityPattern($0) }, deny: deny.compactMap { IdentityPattern($0) }))
  }

  /// A TCP listener of the other end says its own port; who named the target himself means the origin's.
  @Test(arguments: [("postgres:5432", "1.1 edge"), ("POSTGRES:5432", "1.1 edge"), ("postgres:15432", "TCP edge"), ("postgres:1", "1.1 a, TCP edge")])
  func aServiceIsReachedByItsName(authority: String, via: String) {
    let scene = Scene(.core, policy: policy())
    scene.open(.connect(authority, fields: ["via": via]), identity: "edge-1", wire: .http3)
    #expect(scene.destination.services == ["postgres"])
    #expect(scene.destination.targets.isEmpty)
  }

  @Test(arguments: ["1.1 edge", "TCP a, 1.1 edge", "TCPX edge", ""])
  func aServicesNameWithAnotherPortIsAHost(via: String) {
    for (rules, expected) in [(TunnelRules.none, []), (TunnelRules([rule("*:443")]), ["postgres:443"])] {
      let scene = Scene(.core, policy: policy(rules))
      scene.open(.connect("postgres:443", fields: via.isEmpty ? [:] : ["via": via]), identity: "edge-1", wire: .http3)
      #expect(scene.destination.services.isEmpty)
      #expect(scene.destination.targets == expected)
    }
  }

  @Test(arguments: ["shop:80", "localhost:22", "127.0.0.1:22", "[::1]:22", "10.0.0.1:5432", "postgres.internal:5432"])
  func whatNoServiceNamesIsRefused(authority: String) {
    let scene = Scene(.core, policy: policy())
    scene.open(.connect(authority), identity: "edge-1", wire: .http3)
    #expect(scene.status == 403)
    #expect(scene.destination.requests.isEmpty)
  }

  @Test func accessRulesHoldForTunnels() {
    let access = AccessRules(services: ["postgres": .init(allow: [IdentityPattern("db-edge")].compactMap { $0 })])
    for (identity, isAllowed) in [("db-edge", true), ("edge-1", false)] {
      let scene = Scene(.core, policy: policy(access: access))
      scene.open(.connect("postgres:5432"), identity: identity, wire: .http3)
      #expect(scene.destination.services.isEmpty == !isAllowed)
    }
  }

  /// The mark of the other end's listeners can be written by whoever is connected; it opens nothing that is closed to him.
  @Test func theMarkOfAListenerOpensNothing() {
    let access = AccessRules(services: ["postgres": .init(allow: [IdentityPattern("db-edge")].compactMap { $0 })])
    for authority in ["postgres:5432", "postgres:22", "shop:80", "localhost:22"] {
      let scene = Scene(.core, policy: policy(access: access))
      scene.open(.connect(authority, fields: ["via": "TCP forged"]), identity: "edge-1", wire: .http3)
      #expect(scene.status == 403)
      #expect(scene.destination.requests.isEmpty)
    }
  }

  @Test func aRuleOpensItsTargets() {
    let scene = Scene(.core, policy: policy(TunnelRules([rule("*.internal:443", "db.example:*")])))
    scene.open(.connect("A.internal:443"), identity: "edge-1", wire: .http3)
    scene.open(.connect("db.example:1234"), identity: "edge-2", wire: .http3)
    scene.open(.connect("a.internal:80"), identity: "edge-1", wire: .http3)
    #expect(scene.destination.targets == ["a.internal:443", "db.example:1234"])
    #expect(scene.status == 403)
  }

  @Test func aRuleMayBeForSome() {
    let rules = TunnelRules([
      rule("db.internal:5432", allow: ["*.shop.example"], deny: ["old.shop.example"]), rule("*.internal:443"),
    ])
    func targets(_ authority: String, of identity: String, access: AccessRules = .defaults) -> [String] {
      let scene = Scene(.core, policy: policy(rules, access: access))
      scene.open(.connect(authority), identity: identity, wire: .http3)
      return scene.destination.targets
    }
    #expect(targets("db.internal:5432", of: "a.shop.example") == ["db.internal:5432"])
    #expect(targets("db.internal:5432", of: "old.shop.example") == [])
    #expect(targets("db.internal:5432", of: "edge-1") == [])
    #expect(targets("x.internal:443", of: "edge-1") == ["x.internal:443"])
    // The rule for all services holds beside it.
    let stolen = AccessRules(everywhere: .init(deny: [IdentityPattern("stolen")].compactMap { $0 }))
    #expect(targets("x.internal:443", of: "stolen", access: stolen) == [])
    let few = AccessRules(everywhere: .init(allow: [IdentityPattern("edge-1")].compactMap { $0 }))
    #expect(targets("x.internal:443", of: "edge-2", access: few) == [])
  }

  @Test func aDenyWinsOverTheAllowOfAnotherRule() {
    let (open, closed) = (rule("*.internal:443"), rule("db.internal:*", deny: ["edge-1"]))
    for rules in [[open, closed], [closed, open]] {
      for (identity, expected) in [("edge-1", []), ("edge-2", ["db.internal:443"])] {
        let scene = Scene(.core, policy: policy(TunnelRules(rules)))
        scene.open(.connect("db.internal:443"), identity: identity, wire: .http3)
        #expect(scene.destination.targets == expected)
      }
      let scene = Scene(.core, policy: policy(TunnelRules(rules)))
      scene.open(.connect("web.internal:443"), identity: "edge-1", wire: .http3)
      #expect(scene.destination.targets == ["web.internal:443"])
    }
  }

  @Test func aTCPServiceTakesNoRequests() {
    let scene = Scene(.core, policy: policy())
    scene.open(.get(host: "postgres"), identity: "edge-1", wire: .http3)
    #expect(scene.status == 403)
    let webSocket = Scene(.core, policy: policy())
    webSocket.open(.webSocket(host: "postgres"), identity: "edge-1", wire: .http3)
    #expect(webSocket.status == 403)
  }

  @Test func anUpgradeGoesToTheServicesOrigins() {
    let scene = Scene(.core, policy: policy())
    scene.open(.webSocket(host: "shop"), identity: "edge-1", wire: .http3)
    #expect(scene.destination.services == ["shop"])
    #expect(scene.destination.fields.text(.protocol) == "websocket")
    #expect(scene.destination.fields.text(.quicgwEdge) == "edge-1")
  }

  @Test(arguments: ["h2c", "H2C", "h2", "HTTP/2.0", "TLS/1.3", "tls", "", "a b", "a/b/c", "x\r\ny"])
  func anUpgradeToAnotherHTTPWouldPassByAllRules(name: String) {
    let scene = Scene(.core, policy: policy())
    var head = RequestHead.webSocket(host: "shop")
    head.fields.replace(.protocol, with: Array(name.utf8))
    scene.open(head, identity: "edge-1", wire: .http3)
    #expect(scene.status == 400)
    #expect(scene.destination.requests.isEmpty)
  }

  @Test func theLogSaysWhatTheTunnelWasTo() {
    let scene = Scene(.core, policy: policy())
    scene.open(.connect("localhost:22"), identity: "edge-1", wire: .http3)
    #expect(scene.summary.map { String(decoding: $0.pathBytes, as: UTF8.self) } == "localhost:22")
  }
}
