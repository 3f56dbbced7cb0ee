import Gateway

extension AccessRules {
  /// `access`: rules by service, `*` for all.
  init(_ value: Value?, services: [String]) throws(ConfigurationError) {
    self.init()
    for entry in try value?.mapping().entries ?? [] {
      let rule = try Rule(entry.value)
      if entry.name == "*" {
        everywhere = rule
        continue
      }
      guard services.contains(entry.name) else {
        throw entry.key.error(
          "there is no service “\(entry.name)”", Suggestion.advice(for: entry.name, among: services + ["*"]))
      }
      self.services[entry.name] = rule
    }
  }
}

extension AccessRules.Rule {
  fileprivate init(_ value: Value) throws(ConfigurationError) {
    let section = try value.section(["allow", "deny"])
    self.init(allow: try section["allow"]?.identityPatterns(), deny: try section["deny"]?.identityPatterns() ?? [])
    if section.entries.isEmpty { throw value.error("the rule says nothing", "add allow or deny with a list of identities") }
  }
}

extension Value {
  fileprivate func identityPatterns() throws(ConfigurationError) -> [IdentityPattern] {
    var patterns: [IdentityPattern] = []
    for element in try listOrOne() {
      let text = try element.text()
      guard let pattern = IdentityPattern(text) else {
        throw element.error(
          "“\(text)” is not an identity", "write a name, \"*.shop.example\", \"spiffe://shop.example/*\" or \"*\"")
      }
      patterns.append(pattern)
    }
    return patterns
  }
}
