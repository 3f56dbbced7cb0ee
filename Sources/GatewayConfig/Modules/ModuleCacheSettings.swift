import Gateway
public import ModuleProxy

/// `modules`: the cache of Go modules, at an edge or a core.
public struct ModuleCacheSettings: Sendable, Equatable {
  /// `services`: those that are module proxies.
  public var services: [String] = []
  /// `sources`: the services that are asked for modules; nil for the service alone.
  public var sources: SourceList?
  /// `public`: those of the sources that never hear of private modules.
  public var publicSources: [String] = []
  /// `redirect_hosts`: where origins may send a core for a file, beside themselves.
  public var redirectHosts: [RedirectHost] = []
  /// `folder`, as a full path; nil is `$CACHE_DIRECTORY`.
  public var folder: String?
  /// `quota`
  public var quota = ByteCount.mebibytes(10 << 10)
  /// `unused`: what nobody has used for so long is removed; nil for never.
  public var unused: Duration?
  /// `fresh`
  public var fresh: Duration = .seconds(60)
  /// `missing`
  public var missing: Duration = .seconds(10)
  /// `stale`: nil for without limit.
  public var stale: Duration? = .seconds(168 * 3600)
  /// `retry`
  public var retry: Duration = .seconds(30)
  /// `private`
  public var privateModules: [ModulePattern] = []
  /// `checksum_database`; nil for none.
  public var database: VerifierKey? = .sumGolangOrg
  /// `redis`: where replicas share lists, `.info` and `.mod` files; nil where this one is alone.
  public var redis: RedisServer?
  /// `redis_timeout`: what a lookup there may take.
  public var redisTimeout: Duration = .milliseconds(50)
  /// `redis_keep`: how long they stay there.
  public var redisKeep: Duration = .seconds(86_400)

  static let quotaRange: ClosedRange<ByteCount> = .mebibytes(1) ... .mebibytes(1 << 30)
  static let unusedRange: ClosedRange<Duration> = .seconds(3600) ... .seconds(3600 * 24 * 3650)
  static let freshRange: ClosedRange<Duration> = .seconds(1) ... .seconds(86_400)
  static let staleRange: ClosedRange<Duration> = .seconds(1) ... .seconds(3600 * 24 * 3650)
  static let retryRange: ClosedRange<Duration> = .seconds(1) ... .seconds(3600)
  static let redisTimeoutRange: ClosedRange<Duration> = .milliseconds(1) ... .seconds(10)
  static let redisKeepRange: ClosedRange<Duration> = .seconds(60) ... .seconds(3600 * 24 * 365)
}

extension ModuleCacheSettings {
  /// - Parameter known: the services that there are; nil at an edge, where any name may be one.
  init(_ value: Value, files: FileReader, services known: [Service]?) throws(ConfigurationError) {
    self.init()
    let section = try value.section(Self.keys + (known == nil ? [] : ["redirect_hosts"])) { key in
      key == "redirect_hosts" ? "an edge reaches nothing but its cores; write it into the core's configuration" : nil
    }
    guard let names = section["services"] else {
      throw value.error("it is not said which services are module proxies", "add services: [modules]")
    }
    services = try Self.services(names, known)
    if let value = section["sources"] { sources = try sources(value, known) }
    if let value = section["public"] { publicSources = try publicSources(value) }
    if let value = section["redirect_hosts"] { redirectHosts = try Self.redirectHosts(value) }
    if let value = section["folder"] { folder = try files.writableFolder(try value.text(), named: value) }
    if let value = section["quota"] { quota = try value.byteCount(in: Self.quotaRange) }
    if let value = section["unused"], !value.isOff { unused = try value.duration(in: Self.unusedRange) }
    if let value = section["fresh"] { fresh = try value.duration(in: Self.freshRange) }
    if let value = section["missing"] { missing = try value.duration(in: Self.freshRange) }
    if let value = section["stale"] { stale = value.isForever ? nil : try value.duration(in: Self.staleRange) }
    if let value = section["retry"] { retry = try value.duration(in: Self.retryRange) }
    if let value = section["private"] { privateModules = try Self.patterns(value) }
    if let value = section["checksum_database"] { database = try Self.database(value) }
    try readShared(section, files)
  }

  private mutating func readShared(_ section: Section, _ files: FileReader) throws(ConfigurationError) {
    redis = try RedisServer(in: section, files: files)
    for key in ["redis_timeout", "redis_keep"] where redis == nil {
      if let value = section[key] { throw value.error("there is no redis that it could be for", "add redis, or remove \(key)") }
    }
    if let value = section["redis_timeout"] { redisTimeout = try value.duration(in: Self.redisTimeoutRange) }
    if let value = section["redis_keep"] { redisKeep = try value.duration(in: Self.redisKeepRange) }
  }

  private static let keys = [
    "services", "sources", "public", "folder", "quota", "unused", "fresh", "missing", "stale", "retry", "private",
    "checksum_database", "redis_timeout", "redis_keep",
  ] + RedisServer.keys

  private static func services(_ value: Value, _ known: [Service]?) throws(ConfigurationError) -> [String] {
    var services: [String] = []
    for element in try value.listOrOne() {
      let name = try element.serviceName()
      try check(name, element, known)
      guard !services.contains(name) else { throw element.error("the service “\(name)” stands twice", "keep one of them") }
      services.append(name)
    }
    guard !services.isEmpty else { throw value.error("the list is empty", "add a service or remove modules") }
    return services
  }

  private static func check(_ name: String, _ value: Value, _ known: [Service]?) throws(ConfigurationError) {
    guard let known else { return }
    guard let service = known.first(where: { $0.name == name }) else {
      throw value.error("there is no service “\(name)”", Suggestion.advice(for: name, among: known.map(\.name)))
    }
    guard !service.isTunnelled else {
      throw value.error(
        "the service “\(name)” has a tcp:// origin, which is no module proxy", "name one with http:// or https:// origins")
    }
  }

  private func sources(_ value: Value, _ known: [Service]?) throws(ConfigurationError) -> SourceList {
    guard services.count == 1 else {
      throw value.error("\(services.count) services cannot have the same sources", "name one service under modules.services")
    }
    let text = try value.text()
    guard let list = SourceList(text) else {
      throw value.error(
        "“\(text)” is no list of services",
        "write different names with “,” (next on 404 and 410) or “|” (next on any error) between them")
    }
    for entry in list.entries {
      guard entry.name != "direct", entry.name != "off" else {
        throw value.error("“\(entry.name)” is for the go command", "name services whose origins are module proxies")
      }
      guard Service.isName(entry.name) else {
        throw value.error("“\(entry.name)” cannot be the name of a service", "make a service of the URL and write its name")
      }
      try Self.check(entry.name, value, known)
    }
    return list
  }

  private func publicSources(_ value: Value) throws(ConfigurationError) -> [String] {
    let known = services + (sources?.entries.map(\.name) ?? [])
    var names: [String] = []
    for element in try value.listOrOne() {
      let name = try element.serviceName()
      guard known.contains(name) else {
        throw element.error("“\(name)” is no source of modules", Suggestion.advice(for: name, among: known))
      }
      names.append(name)
    }
    return names
  }

  private static func redirectHosts(_ value: Value) throws(ConfigurationError) -> [RedirectHost] {
    var hosts: [RedirectHost] = []
    for element in try value.listOrOne() {
      let text = try element.text()
      guard let host = RedirectHost(text) else {
        throw element.error("“\(text)” is no host", "write a name and perhaps a port, as in storage.googleapis.com")
      }
      hosts.append(host)
    }
    return hosts
  }

  private static func patterns(_ value: Value) throws(ConfigurationError) -> [ModulePattern] {
    var patterns: [ModulePattern] = []
    for element in try value.listOrOne() {
      // GOPRIVATE has them with commas between them.
      for text in try element.text().split(separator: ",", omittingEmptySubsequences: false) {
        guard let pattern = ModulePattern(String(text)) else {
          throw element.error(
            "“\(text)” is no pattern of module paths", "write one like “git.example.com” or \"*.corp.example/team\"")
        }
        patterns.append(pattern)
      }
    }
    return patterns
  }

  private static func database(_ value: Value) throws(ConfigurationError) -> VerifierKey? {
    if value.isOff { return nil }
    let text = try value.text()
    if text == VerifierKey.sumGolangOrg?.name { return .sumGolangOrg }
    guard let key = VerifierKey(text) else {
      throw value.error(
        "“\(text)” is no key of a checksum database", "write sum.golang.org, off, or the text that GOSUMDB has: name+hash+key")
    }
    return key
  }
}

extension Value {
  fileprivate var isForever: Bool { (try? choice(Forever.self)) != nil }

  private enum Forever: String, CaseIterable {
    case forever
  }
}
