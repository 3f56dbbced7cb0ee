public import ModuleProxy

/// `modules`: the cache of Go modules, at an edge or a core.
public struct ModuleCacheSettings: Sendable, Equatable {
  /// `services`: those that are module proxies.
  public var services: [String] = []
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

  static let quotaRange: ClosedRange<ByteCount> = .mebibytes(1) ... .mebibytes(1 << 30)
  static let unusedRange: ClosedRange<Duration> = .seconds(3600) ... .seconds(3600 * 24 * 3650)
  static let freshRange: ClosedRange<Duration> = .seconds(1) ... .seconds(86_400)
  static let staleRange: ClosedRange<Duration> = .seconds(1) ... .seconds(3600 * 24 * 3650)
  static let retryRange: ClosedRange<Duration> = .seconds(1) ... .seconds(3600)
}

extension ModuleCacheSettings {
  /// - Parameter known: the services that there are; nil where any name may be one.
  init(_ value: Value, files: FileReader, services known: [String]?) throws(ConfigurationError) {
    self.init()
    let section = try value.section([
      "services", "folder", "quota", "unused", "fresh", "missing", "stale", "retry", "private", "checksum_database",
    ])
    guard let names = section["services"] else {
      throw value.error("it is not said which services are module proxies", "add services: [modules]")
    }
    services = try Self.services(names, known)
    if let value = section["folder"] { folder = try files.writableFolder(try value.text(), named: value) }
    if let value = section["quota"] { quota = try value.byteCount(in: Self.quotaRange) }
    if let value = section["unused"], !value.isOff { unused = try value.duration(in: Self.unusedRange) }
    if let value = section["fresh"] { fresh = try value.duration(in: Self.freshRange) }
    if let value = section["missing"] { missing = try value.duration(in: Self.freshRange) }
    if let value = section["stale"] { stale = value.isForever ? nil : try value.duration(in: Self.staleRange) }
    if let value = section["retry"] { retry = try value.duration(in: Self.retryRange) }
    if let value = section["private"] { privateModules = try Self.patterns(value) }
    if let value = section["checksum_database"] { database = try Self.database(value) }
  }

  private static func services(_ value: Value, _ known: [String]?) throws(ConfigurationError) -> [String] {
    var services: [String] = []
    for element in try value.listOrOne() {
      let name = try element.serviceName()
      if let known, !known.contains(name) {
        throw element.error("there is no service “\(name)”", Suggestion.advice(for: name, among: known))
      }
      guard !services.contains(name) else { throw element.error("the service “\(name)” stands twice", "keep one of them") }
      services.append(name)
    }
    guard !services.isEmpty else { throw value.error("the list is empty", "add a service or remove modules") }
    return services
  }

  private static func patterns(_ value: Value) throws(ConfigurationError) -> [ModulePattern] {
    var patterns: [ModulePattern] = []
    for element in try value.listOrOne() {
      let text = try element.text()
      guard let pattern = ModulePattern(text) else {
        throw element.error("“\(text)” is no pattern of module paths", "write one like “git.example.com” or \"*.corp.example/team\"")
      }
      patterns.append(pattern)
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
