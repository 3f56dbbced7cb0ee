import Gateway

extension AccessRules {
  /// `access`: rules by service, `*` for all.
  ///
  /// - Parameter identity: what the edges' identities are; a list that names others would mean nobody.
  init(_ value: Value?, services: [String], identity: IdentityKind) throws(ConfigurationError) {
    self.init()
    for entry in try value?.mapping().entries ?? [] {
      let rule = try Rule(entry.value, identity)
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
  fileprivate init(_ value: Value, _ identity: IdentityKind) throws(ConfigurationError) {
    let section = try value.section(["allow", "deny"])
    try self.init(section, identity)
    if section.entries.isEmpty { throw value.error("the rule says nothing", "add allow or deny with a list of identities") }
  }

  /// `allow` and `deny` of a section that may say more.
  init(_ section: Section, _ identity: IdentityKind) throws(ConfigurationError) {
    self.init(
      allow: try section["allow"]?.identityPatterns(identity), deny: try section["deny"]?.identityPatterns(identity) ?? [])
  }
}

extension Value {
  fileprivate func identityPatterns(_ identity: IdentityKind) throws(ConfigurationError) -> [IdentityPattern] {
    var patterns: [IdentityPattern] = []
    for element in try listOrOne() { patterns.append(try element.identityPattern(identity)) }
    return patterns
  }

  func identityPattern(_ identity: IdentityKind) throws(ConfigurationError) -> IdentityPattern {
    let text = try text()
    guard let pattern = IdentityPattern(text) else {
      throw error("“\(text)” is not an identity", "write a name, \"*.shop.example\", \"spiffe://shop.example/*\" or \"*\"")
    }
    switch (pattern.kind, identity) {
    case (.dnsName, .uri):
      throw error("“\(text)” is not a URI, as the identities of the edges are", "write one, or say identity: dns")
    case (.uri, .dns):
      throw error("“\(text)” is not a DNS name, as the identities of the edges are", "write one, or say identity: uri")
    case (.dnsName, .dns), (.uri, .uri), (nil, _): return pattern
    }
  }
}
