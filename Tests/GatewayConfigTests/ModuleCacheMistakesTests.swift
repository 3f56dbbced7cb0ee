import ModuleProxy
import Testing

@testable import GatewayConfig

/// `modules`, at both ends.
@Suite struct ModuleCacheMistakesTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
  }

  private func core(_ modules: String) throws -> Result<ModuleCacheSettings?, ConfigurationError> {
    let services = "{modules: \"http://a:1\", goproxy: \"https://b\", db: \"tcp://c:1\"}"
    try workplace.write("core.yaml", "services: \(services)\nmodules: \(modules)")
    do throws(ConfigurationError) {
      return .success(try CoreConfiguration.load(file: "core.yaml", overrides: Overrides(), files: workplace.files).configuration.modules)
    } catch {
      return .failure(error)
    }
  }

  @Test func everythingCanBeSaid() throws {
    let settings = try #require(
      try core(
        "{services: modules, folder: certs, quota: 1GiB, unused: 720h, fresh: 5s, missing: 1s, stale: forever, retry: 10s, "
          + "private: [git.corp.example, \"*.internal/team\"], checksum_database: off, redis: \"redis.internal:6379\", "
          + "redis_timeout: 20ms, redis_keep: 2h}"
      ).get())
    #expect(settings.services == ["modules"])
    #expect(settings.folder == "\(workplace.path)/certs")
    #expect(settings.quota == .mebibytes(1024))
    #expect(settings.unused == .seconds(720 * 3600))
    #expect((settings.fresh, settings.missing, settings.stale, settings.retry) == (.seconds(5), .seconds(1), nil, .seconds(10)))
    #expect(settings.privateModules.map(\.text) == ["git.corp.example", "*.internal/team"])
    #expect(settings.database == nil)
    #expect(settings.redis?.address == HostPort(host: "redis.internal", port: 6379) && settings.redis?.password == nil)
    #expect((settings.redisTimeout, settings.redisKeep) == (.milliseconds(20), .seconds(7200)))
    #expect(try core("{services: modules}").get()?.database == .sumGolangOrg)
    #expect(try core("{services: modules, checksum_database: sum.golang.org}").get()?.database == .sumGolangOrg)
  }

  @Test func severalSourcesCanBeSaid() throws {
    let text = "{services: modules, sources: \"modules,goproxy|modules\", public: goproxy, redirect_hosts: [storage.googleapis.com, \"a:81\"]}"
    guard case .failure(let error) = try core(text) else {
      Issue.record("a source was taken twice")
      return
    }
    #expect(error.description.contains("modules.sources: “modules,goproxy|modules” is no list of services"))
    let settings = try #require(try core(text.replacing("|modules", with: "")).get())
    #expect(settings.sources == SourceList("modules,goproxy"))
    #expect(settings.publicSources == ["goproxy"])
    #expect(settings.redirectHosts == [RedirectHost("storage.googleapis.com"), RedirectHost("a:81")])
    #expect(try core("{services: modules}").get()?.sources == nil)
    let patterns = try core("{services: modules, private: \"git.corp.example,*.internal/team\"}").get()?.privateModules
    #expect(patterns?.map(\.text) == ["git.corp.example", "*.internal/team"], "as GOPRIVATE has them")
  }

  @Test(arguments: [
    ("{services: [modules, goproxy], sources: modules}", "modules.sources: 2 services cannot have the same sources"),
    ("{services: modules, sources: \"modules|direct\"}", "modules.sources: “direct” is for the go command"),
    (
      "{services: modules, sources: \"modules,https://proxy.golang.org\"}",
      "modules.sources: “https://proxy.golang.org” cannot be the name"
    ),
    ("{services: modules, sources: \"modules,other\"}", "modules.sources: there is no service “other”"),
    ("{services: modules, sources: \"modules,db\"}", "modules.sources: the service “db” has a tcp:// origin"),
    ("{services: db}", "modules.services: the service “db” has a tcp:// origin"),
    ("{services: modules, public: goproxy}", "modules.public: “goproxy” is no source of modules"),
    ("{services: modules, redirect_hosts: [\"https://a\"]}", "modules.redirect_hosts[0]: “https://a” is no host"),
  ])
  func mistakesInSourcesAreSentences(_ modules: String, _ beginning: String) throws {
    guard case .failure(let error) = try core(modules) else {
      Issue.record("\(modules) was taken")
      return
    }
    #expect(error.description.hasPrefix("core.yaml:2: \(beginning)"), "\(error)")
  }

  @Test(arguments: [
    ("{}", "core.yaml:2: modules: it is not said which services are module proxies; add services: [modules]"),
    ("{services: []}", "core.yaml:2: modules.services: the list is empty; add a service or remove modules"),
    ("{services: [modules, modules]}", "core.yaml:2: modules.services[1]: the service “modules” stands twice; keep one of them"),
    ("{services: modules, quota: 1B}", "core.yaml:2: modules.quota: 1B is out of range; choose from 1MiB to 1048576GiB"),
    (
      "{services: modules, redis_timeout: 1s}",
      "core.yaml:2: modules.redis_timeout: there is no redis that it could be for; add redis, or remove redis_timeout"
    ),
    (
      "{services: modules, redis: \"a:1\", redis_timeout: 1h}",
      "core.yaml:2: modules.redis_timeout: 1h is out of range; choose from 1ms to 10s"
    ),
    (
      "{services: modules, redis: \"a:1\", redis_keep: 1s}",
      "core.yaml:2: modules.redis_keep: 1s is out of range; choose from 60s to 8760h"
    ),
    (
      "{services: modules, redis: \"a:1\", redis_password: none}",
      "core.yaml:2: modules.redis_password: the file none does not exist; make it, with the password in one line"
    ),
    (
      "{services: modules, folder: none}",
      "core.yaml:2: modules.folder: the folder none does not exist; make it, or name one that does"
    ),
    (
      "{services: modules, private: [a//b]}",
      """
      core.yaml:2: modules.private[0]: “a//b” is no pattern of module paths; write one like “git.example.com” or \
      \"*.corp.example/team\"
      """
    ),
    (
      "{services: modules, checksum_database: sum.example}",
      """
      core.yaml:2: modules.checksum_database: “sum.example” is no key of a checksum database; write sum.golang.org, off, or the \
      text that GOSUMDB has: name+hash+key
      """
    ),
  ])
  func mistakesAreSentences(_ modules: String, _ sentence: String) throws {
    guard case .failure(let error) = try core(modules) else {
      Issue.record("\(modules) was taken")
      return
    }
    #expect(error.description == sentence)
  }

  @Test func anEdgeFollowsNoRedirects() throws {
    try workplace.write("edge.yaml", "upstream: core.example:4433\nmodules: {services: m, sources: \"m|n\", redirect_hosts: [a]}")
    do throws(ConfigurationError) {
      _ = try EdgeConfiguration.load(file: "edge.yaml", overrides: Overrides(), files: workplace.files)
      Issue.record("it was taken")
    } catch {
      #expect(error.description.hasPrefix("edge.yaml:2: modules.redirect_hosts: this key is not known; an edge reaches nothing but its cores"))
    }
  }

  @Test func servicesMustBeThere() throws {
    guard case .failure(let error) = try core("{services: module}") else {
      Issue.record("an unknown service was taken")
      return
    }
    #expect(error.description.hasPrefix("core.yaml:2: modules.services: there is no service “module”"))
  }
}
