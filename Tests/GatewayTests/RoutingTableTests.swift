import Testing

@testable import Gateway

/// Which service a request is for.
@Suite struct RoutingTableTests {
  private func service(_ table: RoutingTable, _ host: String, _ path: String = "/", listener: String = "main") -> String? {
    guard let authority = Authority(Array(host.utf8)[...]) else { return "not an authority" }
    return table.route(listener: listener, authority: authority, path: Array(path.utf8)[...])?.service.name
  }

  @Test func oneServiceIsTheDefault() {
    let table = RoutingTable(services: [.at("modules")])
    #expect(service(table, "anything.example:8080") == "modules")
  }

  @Test func oneOfSeveralServicesIsNotTheDefaultUnlessNamed() {
    let services = [Service.at("modules"), .at("echo")]
    #expect(service(RoutingTable(services: services), "anything.example") == nil)
    #expect(service(RoutingTable(services: services, defaultService: "echo"), "anything.example") == "echo")
  }

  @Test(arguments: ["echo", "ECHO", "echo:443", "echo.internal", "Echo.internal:8080"])
  func nameOrFirstLabelOfTheHostNamesAService(host: String) {
    #expect(service(RoutingTable(services: [.at("modules"), .at("echo")]), host) == "echo")
  }

  @Test func addressesHaveNoLabels() {
    let table = RoutingTable(services: [.at("10"), .at("modules")])
    #expect(service(table, "10.0.0.1") == nil)
    #expect(service(table, "[::10]") == nil)
    #expect(service(table, "10") == "10")
  }

  @Test func fullNameWinsOverFirstLabel() {
    let table = RoutingTable(services: [.at("echo"), .at("echo.internal")])
    #expect(service(table, "echo.internal") == "echo.internal")
  }

  @Test func listenerWinsOverEverything() {
    let table = RoutingTable(
      services: [.at("modules"), .at("echo")], listeners: ["modules-only": "modules"],
      routes: [Route(hosts: ["echo.example"], service: "echo")])
    #expect(service(table, "echo", listener: "modules-only") == "modules")
    #expect(service(table, "echo.example", listener: "modules-only") == "modules")
    #expect(service(table, "echo", listener: "main") == "echo")
  }

  @Test func exactHostWinsOverPatternAndLongPatternOverShort() {
    let names = ["exact", "deep", "wide", "any"]
    let table = RoutingTable(
      services: names.map { Service(name: $0) }, answersToNames: false,
      routes: [
        Route(hosts: ["*.example"], service: "wide"), Route(hosts: ["*.shop.example"], service: "deep"),
        Route(hosts: ["eu.shop.example"], service: "exact"), Route(pathPrefix: "/", service: "any"),
      ])
    #expect(service(table, "eu.shop.example") == "exact")
    #expect(service(table, "EU.Shop.Example:80") == "exact")
    #expect(service(table, "us.shop.example") == "deep")
    #expect(service(table, "a.b.shop.example") == "deep")
    #expect(service(table, "shop.example") == "wide")
    #expect(service(table, "example") == "any")
    #expect(service(table, "notexample") == "any")
  }

  @Test func longestPathWinsWithinAHost() {
    let table = RoutingTable(
      services: ["shop", "api", "admin"].map { Service(name: $0) }, answersToNames: false,
      routes: [
        Route(hosts: ["shop.example"], service: "shop"), Route(hosts: ["shop.example"], pathPrefix: "/api", service: "api"),
        Route(hosts: ["shop.example"], pathPrefix: "/api/admin/", service: "admin"),
      ])
    #expect(service(table, "shop.example", "/") == "shop")
    #expect(service(table, "shop.example", "/api") == "api")
    #expect(service(table, "shop.example", "/api?x=/api/admin") == "api")
    #expect(service(table, "shop.example", "/apis") == "shop")
    #expect(service(table, "shop.example", "/api/administrators") == "api")
    #expect(service(table, "shop.example", "/api/admin/users") == "admin")
    #expect(service(table, "other.example", "/api") == nil)
  }

  @Test func hostWithoutAMatchingPathLeavesTheRequestToLessSpecificRoutes() {
    let table = RoutingTable(
      services: ["api", "web"].map { Service(name: $0) }, answersToNames: false,
      routes: [Route(hosts: ["shop.example"], pathPrefix: "/api", service: "api"), Route(hosts: ["*.example"], service: "web")])
    #expect(service(table, "shop.example", "/api/1") == "api")
    #expect(service(table, "shop.example", "/about") == "web")
  }

  @Test func nameOnTheLinkWinsOverPathsOfServices() {
    let table = RoutingTable(
      services: [.at("modules"), .at("echo")], routes: [Route(pathPrefix: "/echo", service: "echo")])
    #expect(service(table, "modules", "/echo/1") == "modules")
    #expect(service(table, "some.example", "/echo/1") == "echo")
  }

  @Test func endWithoutOriginsDoesNotAnswerToNames() {
    let table = RoutingTable(services: [Service(name: "modules")], answersToNames: false, listeners: ["m": "modules"])
    #expect(service(table, "modules") == nil)
    #expect(table.defaultService == nil)
  }

  @Test func tableOfManyHostsFindsEachOfThem() {
    let hosts = (0..<300).map { "h\($0 * 7919 % 1000).example" }
    let table = RoutingTable(
      services: [Service(name: "a"), Service(name: "b")], answersToNames: false,
      routes: hosts.map { Route(hosts: [$0], service: $0.utf8.count % 2 == 0 ? "a" : "b") })
    for host in hosts { #expect(service(table, host) == (host.utf8.count % 2 == 0 ? "a" : "b"), "\(host)") }
    #expect(service(table, "h1000.example") == nil)
  }
}

/// Prefixes of whole segments, and the paths that no prefix can be told from.
@Suite struct PathPrefixTests {
  @Test(arguments: [
    ("/a", "/a"), ("/a", "/a/"), ("/a", "/a/b"), ("/a", "/a?q"), ("/a/", "/a/b"), ("/a/", "/a"), ("/", "/x"), ("/", "*"),
  ])
  func takes(prefix: String, path: String) {
    #expect(PathPrefix(prefix).takes(Array(path.utf8)[...]))
  }

  @Test(arguments: [("/a", "/"), ("/a", "/ab"), ("/a", "/b/a"), ("/a/b", "/a"), ("/a", "/A"), ("/a", "")])
  func leaves(prefix: String, path: String) {
    #expect(!PathPrefix(prefix).takes(Array(path.utf8)[...]))
  }

  @Test(arguments: ["/..", "/a/../b", "/a/./b", "/a/.", "/a/%2e%2E/b", "/a/.%2e", "/a/%2e/b?x", "/..?x", "/a\\..\\b"])
  func ambiguous(path: String) {
    #expect(PathPrefix.hasDotSegment(Array(path.utf8)[...]))
  }

  @Test(arguments: ["/", "/a", "/...", "/a/..b/c", "/a/b..", "/.well-known/x", "/a?b=/../c", "/a/%2f/b", "/@v/v1.0.0.zip", "*"])
  func plain(path: String) {
    #expect(!PathPrefix.hasDotSegment(Array(path.utf8)[...]))
  }
}
