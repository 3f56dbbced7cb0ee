/// Everything that a reload may change about where requests go and who may send them; an immutable value that is swapped whole.
public struct Policy: Sendable {
  public var routing: RoutingTable
  public var access: AccessRules
  /// Where requests from the core's listeners go.
  public var edgeRoutes: EdgeRoutes
  /// What edges may claim.
  public var edgeRules: EdgeRules
  /// What CONNECT may reach beyond the services, on the end that has the origins.
  public var tunnels = TunnelRules.none
  /// Names of the listeners that are proxies for CONNECT.
  public var proxies: Set<String> = []
  /// Whether the other end takes extended CONNECT (RFC 9220). quicgw does; of others it is not known.
  public var passesUpgrades = true

  public init(
    routing: RoutingTable, access: AccessRules = .defaults, edgeRoutes: EdgeRoutes = .none, edgeRules: EdgeRules = EdgeRules()
  ) {
    self.routing = routing
    self.access = access
    self.edgeRoutes = edgeRoutes
    self.edgeRules = edgeRules
  }

  /// The services that have names in the configuration.
  public var serviceNames: [String] { routing.services.map(\.name) + edgeRoutes.services.sorted() }

  /// Routes nothing; on an edge every request goes on under the host name that its client used.
  public static let defaults = Policy(routing: .empty)
}
