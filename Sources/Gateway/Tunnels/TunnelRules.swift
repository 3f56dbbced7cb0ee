/// Who may be connected to what beyond the services, by CONNECT. Without a rule nobody may.
public struct TunnelRules: Sendable, Equatable {
  /// Targets, and whom they are open to.
  public struct Rule: Sendable, Equatable {
    public var targets: [TargetPattern]
    /// As a service's rule: the one for all services holds beside it.
    public var access: AccessRules.Rule

    public init(targets: [TargetPattern], access: AccessRules.Rule = AccessRules.Rule()) {
      self.targets = targets
      self.access = access
    }
  }

  public var rules: [Rule]

  public init(_ rules: [Rule] = []) {
    self.rules = rules
  }

  public static let none = TunnelRules()

  /// Whether one of the rules lets this identity reach the target, and none that names the target denies it.
  public func allow(_ identity: String?, to target: TunnelTarget, under access: AccessRules) -> Bool {
    let matching = rules.lazy.filter { rule in rule.targets.contains { $0.matches(target) } }
    if let identity, matching.contains(where: { $0.access.denies(identity) }) { return false }
    return matching.contains { access.allows(identity, by: $0.access) }
  }
}
