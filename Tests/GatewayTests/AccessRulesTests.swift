import Testing

@testable import Gateway

/// Which identities may use which service.
@Suite struct AccessRulesTests {
  private func patterns(_ texts: String...) throws -> [IdentityPattern] {
    try texts.map { try #require(IdentityPattern($0)) }
  }

  @Test func everyIdentityMayWithoutRules() {
    #expect(AccessRules.defaults.allows("edge-1", service: "modules"))
    #expect(AccessRules.defaults.allows(nil, service: "modules"))
  }

  @Test func listAllowsOnlyWhoIsOnIt() throws {
    let rules = AccessRules(services: ["modules": .init(allow: try patterns("edge-1", "*.build.example"))])
    #expect(rules.allows("edge-1", service: "modules"))
    #expect(rules.allows("EDGE-1", service: "modules"))
    #expect(rules.allows("ci.build.example", service: "modules"))
    #expect(!rules.allows("edge-2", service: "modules"))
    #expect(!rules.allows("build.example", service: "modules"))
    #expect(!rules.allows("ci.build.example.evil", service: "modules"))
    #expect(!rules.allows("evilbuild.example", service: "modules"))
    #expect(!rules.allows(nil, service: "modules"))
    #expect(rules.allows("edge-2", service: "echo"))
  }

  @Test func emptyListAllowsNobody() {
    let rules = AccessRules(services: ["modules": .init(allow: [])])
    #expect(!rules.allows("edge-1", service: "modules"))
  }

  @Test func denyWinsOverAllow() throws {
    let rules = AccessRules(services: ["modules": .init(allow: try patterns("*"), deny: try patterns("edge-2"))])
    #expect(rules.allows("edge-1", service: "modules"))
    #expect(!rules.allows("edge-2", service: "modules"))
  }

  @Test func denyForAllServicesWinsOverAServicesAllow() throws {
    let rules = AccessRules(
      everywhere: .init(deny: try patterns("stolen.example")), services: ["modules": .init(allow: try patterns("stolen.example"))]
    )
    #expect(!rules.allows("stolen.example", service: "modules"))
    #expect(!rules.allows("stolen.example", service: "echo"))
    #expect(rules.allows("edge-1", service: "echo"))
  }

  @Test func servicesOwnListReplacesTheOneForAllServices() throws {
    let rules = AccessRules(
      everywhere: .init(allow: try patterns("*.shop.example")), services: ["modules": .init(allow: try patterns("ci.example"))])
    #expect(rules.allows("a.shop.example", service: "echo"))
    #expect(!rules.allows("ci.example", service: "echo"))
    #expect(rules.allows("ci.example", service: "modules"))
    #expect(!rules.allows("a.shop.example", service: "modules"))
  }

  @Test func urisAreComparedByteByByteAndByPrefix() throws {
    let rules = AccessRules(services: [
      "modules": .init(allow: try patterns("spiffe://shop.example/edge/*", "spiffe://a.example/x"))
    ])
    #expect(rules.allows("spiffe://shop.example/edge/1", service: "modules"))
    #expect(rules.allows("spiffe://a.example/x", service: "modules"))
    #expect(!rules.allows("spiffe://shop.example/edge/", service: "modules"))
    #expect(!rules.allows("spiffe://shop.example/edges/1", service: "modules"))
    #expect(!rules.allows("spiffe://a.example/X", service: "modules"))
  }

  @Test func dnsPatternsDoNotMeanURIs() throws {
    let rules = AccessRules(services: ["modules": .init(allow: try patterns("*.example"))])
    #expect(!rules.allows("spiffe://x.example", service: "modules"))
  }

  @Test(arguments: ["", "*.", "a*", "*a", "a.*.b", "**", "*.*.example", "spiffe://a*", "spiffe://*/a"])
  func starsElsewhereAreNotPatterns(text: String) {
    #expect(IdentityPattern(text) == nil)
  }

  @Test func deniedIdentityGets403ThatNamesIt() throws {
    let access = AccessRules(services: ["modules": .init(deny: try patterns("edge-1"))])
    let scene = Scene(.core, policy: .services("modules", access: access))
    scene.open(.get(host: "modules"), identity: "edge-1")
    #expect(scene.status == 403)
    #expect(scene.destination.requests.isEmpty)
    #expect(scene.client.heads.last?.fields.text(.proxyStatus)?.contains("error=http_request_denied") == true)
    #expect(scene.summary?.reason == "“edge-1” may not use the service “modules”; see access")
    #expect(scene.summary?.service == "modules")
  }

  @Test(arguments: [
    "edge-1 ", " edge-1", "edge 1", "edge-1.", ".edge-1", "a..b", "-a", "a-", "a-.b", "ä", "a/b", "10.0.0.7", "edge-1:4433", "a@b",
    "spiffe://", "spiffe:///x", "spiffe://a b", "spiffe:x", "1a://x", "*.a b", "*.-a", String(repeating: "a", count: 64),
    String(repeating: "a.", count: 127) + "a",
  ])
  func textsThatNoCertificateCanNameAreNotPatterns(text: String) {
    #expect(IdentityPattern(text) == nil)
  }

  @Test(arguments: ["edge-1", "EDGE_1.shop.example", "1234", "10.0.7", "*.a", "a", String(repeating: "a", count: 63)])
  func dnsNamesArePatterns(text: String) { #expect(IdentityPattern(text)?.kind == .dnsName) }

  @Test(arguments: ["spiffe://shop.example/edge/1", "spiffe://a/*", "urn:device:17", "x-1://a?b#c"])
  func urisArePatterns(text: String) {
    #expect(IdentityPattern(text)?.kind == .uri)
    #expect(IdentityPattern(text)?.matches(text) == true)
  }
}
