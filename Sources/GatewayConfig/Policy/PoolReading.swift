import Gateway

/// How the origins of a service share its requests: `max_fails`, `fail_timeout` and `check` beside them, `weight` and `backup` of
/// each.
enum PoolReading {
  static let keys = ["max_fails", "fail_timeout", "check"]

  /// - Parameter origins: the value of `origins`, read before.
  static func rules(_ section: Section, origins: Value) throws(ConfigurationError) -> PoolRules {
    var rules = PoolRules.defaults
    rules.shares = try shares(origins)
    if let value = section["max_fails"] { rules.maximumFailures = try value.integer(in: 0...1000) }
    if let value = section["fail_timeout"] { rules.failTimeout = try value.duration(in: .seconds(1) ... .seconds(3600)) }
    if let value = section["check"] { rules.check = try check(value) }
    return rules
  }

  /// The URL of one origin, which may stand alone or with its share.
  static func url(_ origin: Value) throws(ConfigurationError) -> Value {
    guard origin.isMapping else { return origin }
    guard let url = try origin.section(["url", "weight", "backup"])["url"] else {
      throw origin.error("the origin has no URL", "add url: http://host:port")
    }
    return url
  }

  private static func shares(_ origins: Value) throws(ConfigurationError) -> [OriginShare] {
    guard origins.isList else { return [] }
    var shares: [OriginShare] = []
    for origin in try origins.list() {
      var share = OriginShare()
      if origin.isMapping {
        let section = try origin.section(["url", "weight", "backup"])
        if let value = section["weight"] { share.weight = try value.integer(in: 1...1000) }
        if let value = section["backup"] { share.isBackup = try value.flag() }
      }
      shares.append(share)
    }
    guard shares.contains(where: { !$0.isBackup }) else {
      throw origins.error("all origins are backups", "leave one of them without backup: true")
    }
    return shares.allSatisfy { $0 == OriginShare() } ? [] : shares
  }

  private static func check(_ value: Value) throws(ConfigurationError) -> HealthCheck {
    let section = try value.section(["path", "interval", "timeout", "fails", "passes"])
    guard let path = section["path"] else { throw value.error("the check has no path", "add path: /health") }
    var check = HealthCheck(path: try path.pathPrefix())
    if let value = section["interval"] { check.interval = try value.duration(in: .milliseconds(100) ... .seconds(3600)) }
    if let value = section["timeout"] { check.timeout = try value.duration(in: .milliseconds(100) ... .seconds(60)) }
    if let value = section["fails"] { check.fails = try value.integer(in: 1...100) }
    if let value = section["passes"] { check.passes = try value.integer(in: 1...100) }
    return check
  }
}
