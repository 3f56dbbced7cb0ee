import Gateway

extension Value {
  /// `KEY: VALUE` of an edge's labels.
  func labels() throws(ConfigurationError) -> [String: String] {
    var labels: [String: String] = [:]
    for entry in try mapping().entries {
      try entry.key.checkLabelKey(entry.name)
      labels[entry.name] = try entry.value.labelValue()
    }
    guard labels.count <= EdgeLabel.maximumCount else {
      throw error("there are \(labels.count) labels", "keep \(EdgeLabel.maximumCount) or fewer")
    }
    return labels
  }

  fileprivate func labelValue() throws(ConfigurationError) -> String {
    let text = try text()
    guard EdgeLabel.isValue(text) else {
      throw error("“\(text)” cannot be the value of a label", "use up to 63 letters, digits, “-”, “_” and “.”")
    }
    return text
  }
}

extension EdgeRules {
  /// `edges` of a core: what edges may claim, by patterns of identities.
  init(_ value: Value?, identity: IdentityKind) throws(ConfigurationError) {
    var rules: [Rule] = []
    for entry in try value?.mapping().entries ?? [] {
      let pattern = try entry.key.identityPattern(identity)
      rules.append(try Rule(pattern, entry.value))
    }
    if let value, rules.isEmpty { throw value.error("there is no rule", "add one or remove the key") }
    self.init(rules)
  }
}

extension EdgeRules.Rule {
  fileprivate init(_ pattern: IdentityPattern, _ value: Value) throws(ConfigurationError) {
    let section = try value.section(["services", "labels"])
    self.init(identities: pattern)
    if let value = section["services"] {
      services = try value.namesOrStar { value throws(ConfigurationError) in try value.serviceName() }
    }
    for entry in try section["labels"]?.mapping().entries ?? [] {
      try entry.key.checkLabelKey(entry.name)
      labels[entry.name] = .some(
        try entry.value.namesOrStar { value throws(ConfigurationError) in try value.labelValue() })
    }
    if section.entries.isEmpty { throw value.error("the rule says nothing", "add services or labels") }
  }
}

extension Value {
  /// - Returns: nil for `*`.
  fileprivate func namesOrStar(
    _ name: (Value) throws(ConfigurationError) -> String
  ) throws(ConfigurationError) -> Set<String>? {
    var names: Set<String> = []
    for element in try listOrOne() {
      if try element.text() == "*" { return nil }
      names.insert(try name(element))
    }
    return names
  }
}

extension Value {
  /// Of a key that the user has chosen: whether it can be a label's.
  fileprivate func checkLabelKey(_ name: String) throws(ConfigurationError) {
    guard EdgeLabel.isKey(name) else {
      throw error("“\(name)” cannot be a label", "use up to 63 lower-case letters, digits, “-”, “_” and “.”")
    }
  }
}
