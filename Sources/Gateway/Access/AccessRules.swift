/// Which identities may use which service.
///
/// Without a rule every identity that the CA signed may use every service. A deny wins over every allow, whether it stands in
/// the service's rule or in the rule for all services.
public struct AccessRules: Sendable, Equatable {
  /// The rule of one service, or of all.
  public struct Rule: Sendable, Equatable {
    /// Who may; nil leaves the question to the rule for all services, and without that it is everybody.
    public var allow: [IdentityPattern]?
    public var deny: [IdentityPattern]

    public init(allow: [IdentityPattern]? = nil, deny: [IdentityPattern] = []) {
      self.allow = allow
      self.deny = deny
    }

    func denies(_ identity: String) -> Bool { deny.contains { $0.matches(identity) } }
  }

  /// The rule for all services.
  public var everywhere: Rule
  /// Rules by service name.
  public var services: [String: Rule]

  public init(everywhere: Rule = Rule(), services: [String: Rule] = [:]) {
    self.everywhere = everywhere
    self.services = services
  }

  public static let defaults = AccessRules()

  /// - Parameter identity: nil for a client without one, which no list of identities means: it may where nothing is ruled.
  public func allows(_ identity: String?, service: String) -> Bool {
    if services.isEmpty, everywhere.allow == nil, everywhere.deny.isEmpty { return true }
    return allows(identity, by: services[service])
  }

  /// What a rule says beside the one for all services.
  func allows(_ identity: String?, by rule: Rule?) -> Bool {
    guard let identity else { return rule?.allow == nil && everywhere.allow == nil }
    if everywhere.denies(identity) || rule?.denies(identity) == true { return false }
    guard let allow = rule?.allow ?? everywhere.allow else { return true }
    return allow.contains { $0.matches(identity) }
  }
}
