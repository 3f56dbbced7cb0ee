/// Everything that a reload may change about where requests go and who may send them; an immutable value that is swapped whole.
public struct Policy: Sendable {
  public var routing: RoutingTable
  public var access: AccessRules

  public init(routing: RoutingTable, access: AccessRules = .defaults) {
    self.routing = routing
    self.access = access
  }

  /// Routes nothing; on an edge every request goes on under the host name that its client used.
  public static let defaults = Policy(routing: .empty)
}
