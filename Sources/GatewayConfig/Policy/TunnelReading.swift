import Gateway

extension TunnelRules {
  /// `connect`: targets of CONNECT beyond the services, each open to everybody or, as a mapping, to those that it names.
  ///
  /// - Parameter flags: `--connect`, in place of the file's.
  init(_ value: Value?, flags: [String], identity: IdentityKind) throws(ConfigurationError) {
    let elements = flags.isEmpty ? try value?.listOrOne() ?? [] : flags.map { Value(flag: "--connect", $0) }
    var everybody: [TargetPattern] = []
    var rules: [Rule] = []
    for element in elements {
      if element.isMapping {
        rules.append(try Rule(element, identity))
      } else {
        everybody.append(try element.targetPattern())
      }
    }
    if !everybody.isEmpty { rules.append(Rule(targets: everybody)) }
    if let value, rules.isEmpty {
      throw value.error("the list is empty", "fill it or remove the key: without it nothing is reached")
    }
    self.init(rules)
  }
}

extension TunnelRules.Rule {
  fileprivate init(_ value: Value, _ identity: IdentityKind) throws(ConfigurationError) {
    let section = try value.section(["targets", "allow", "deny"])
    guard let named = section["targets"], !named.isEmptyList else {
      throw value.error("the rule names no targets", "add targets: [\"*.internal:443\"]")
    }
    var targets: [TargetPattern] = []
    for element in try named.listOrOne() { targets.append(try element.targetPattern()) }
    self.init(targets: targets, access: try AccessRules.Rule(section, identity))
  }
}

extension Value {
  fileprivate func targetPattern() throws(ConfigurationError) -> TargetPattern {
    let text = try text()
    guard let pattern = TargetPattern(text) else {
      throw error(
        "“\(text)” is not a host and a port", "write host:port, \"*.internal:443\" for all names below one, or * for any port")
    }
    return pattern
  }
}
