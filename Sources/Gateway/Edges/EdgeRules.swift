import Exchange

/// Which services and labels an edge may claim, by its identity.
///
/// Without a rule every edge that the CA signed may expose any service, because a service is asked for under the edge's own name
/// or from all edges alike; labels, which decide who serves requests that were meant for others, count for nobody.
public struct EdgeRules: Sendable {
  /// What identities of a pattern may claim.
  public struct Rule: Sendable {
    public var identities: IdentityPattern
    /// Nil is any service.
    public var services: Set<String>?
    /// The values that each label may have; nil is any value.
    public var labels: [String: Set<String>?]

    public init(identities: IdentityPattern, services: Set<String>? = nil, labels: [String: Set<String>?] = [:]) {
      self.identities = identities
      self.services = services
      self.labels = labels
    }
  }

  /// All that match an identity count together. Where there are rules and none matches, nothing may be claimed.
  public var rules: [Rule]

  public init(_ rules: [Rule] = []) {
    self.rules = rules
  }

  /// What counts of an announcement.
  struct Granted: Equatable {
    var services: Set<String> = []
    var labels: [String: String] = [:]
    /// Services and labels that do not.
    var refused: [String] = []
  }

  func grant(_ announcement: EdgeAnnouncement, to identity: String) -> Granted {
    let matching = rules.filter { $0.identities.matches(identity) }
    var granted = Granted()
    for service in announcement.services {
      let isAllowed = rules.isEmpty || matching.contains { $0.services?.contains(service) ?? true }
      if isAllowed { granted.services.insert(service) } else { granted.refused.append(service) }
    }
    for (key, value) in announcement.labels.sorted(by: { $0.key < $1.key }) {
      let isAllowed = matching.contains { rule in rule.labels[key].map { $0?.contains(value) ?? true } ?? false }
      if isAllowed { granted.labels[key] = value } else { granted.refused.append("\(key)=\(value)") }
    }
    return granted
  }
}
