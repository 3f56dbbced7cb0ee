import Gateway
import Testing

@testable import GatewayConfig

/// `max_fails`, `fail_timeout`, `check`, and the shares of origins.
@Suite struct PoolReadingTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
  }

  private func service(_ yaml: String) throws -> Result<Service, ConfigurationError> {
    try workplace.write("core.yaml", "services:\n  shop: \(yaml)")
    do throws(ConfigurationError) {
      let core = try CoreConfiguration.load(file: "core.yaml", overrides: Overrides(), files: workplace.files).configuration
      return .success(core.policy.routing.services[0])
    } catch {
      return .failure(error)
    }
  }

  @Test func everythingCanBeSaid() throws {
    let shop = try service(
      """
      {origins: [\"http://a:1\", {url: \"http://b:1\", weight: 5}, {url: \"http://c:1\", backup: true}], max_fails: 3, \
      fail_timeout: 30s, 
      """
        + "check: {path: /health, interval: 1s, timeout: 500ms, fails: 2, passes: 1}}"
    ).get()
    #expect(shop.origins.map(\.host) == ["a", "b", "c"])
    #expect(shop.pool.shares == [OriginShare(), OriginShare(weight: 5), OriginShare(isBackup: true)])
    #expect((shop.pool.maximumFailures, shop.pool.failTimeout) == (3, .seconds(30)))
    #expect(shop.pool.check == HealthCheck(path: "/health", interval: .seconds(1), timeout: .milliseconds(500), fails: 2, passes: 1))
    #expect(try service("[\"http://a:1\", \"http://b:1\"]").get().pool == .defaults)
  }

  @Test(arguments: [
    ("{origins: [{weight: 1}]}", "core.yaml:2: services.shop.origins[0]: the origin has no URL; add url: http://host:port"),
    (
      "{origins: [{url: \"http://a:1\", weight: 0}]}",
      "core.yaml:2: services.shop.origins[0].weight: 0 is out of range; choose from 1 to 1000"
    ),
    (
      "{origins: [{url: \"http://a:1\", backup: true}]}",
      "core.yaml:2: services.shop.origins: all origins are backups; leave one of them without backup: true"
    ),
    ("{origins: \"http://a:1\", check: {}}", "core.yaml:2: services.shop.check: the check has no path; add path: /health"),
    (
      "{origins: \"http://a:1\", check: {path: health}}",
      """
      core.yaml:2: services.shop.check.path: “health” is not a path; write one that begins with “/” and has no “.” or “..” \
      segments
      """
    ),
  ])
  func mistakesAreSentences(_ yaml: String, _ sentence: String) throws {
    guard case .failure(let error) = try service(yaml) else {
      Issue.record("\(yaml) was taken")
      return
    }
    #expect(error.description == sentence)
  }
}
