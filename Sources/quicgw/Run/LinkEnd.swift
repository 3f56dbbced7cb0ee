import Events
import GatewayConfig
import Network
import Observability

/// One end of the link as the process's life sees it: started from a configuration, reloaded with another, drained.
protocol LinkEnd: Sendable {
  associatedtype Configuration: EndConfiguration

  /// Binds its addresses and begins to serve.
  /// - Parameter onReadinessChange: called on event loops; must not block.
  static func start(
    _ configuration: Configuration, onReadinessChange: @escaping @Sendable (Readiness) -> Void
  ) async throws -> Self

  /// Swaps what can be swapped while it runs. After an error everything is as before.
  func reload(_ configuration: Configuration) async throws

  /// Takes an event of the process as a whole into log and metrics.
  func record(_ event: Event)

  /// Takes nothing new, finishes what is open, closes; returns when all of it is over. A task that is cancelled closes at once.
  func drain() async throws
}

/// What both configurations have in common.
protocol EndConfiguration: Sendable {
  static var role: Role { get }
  var credentials: Credentials { get }
  var process: ProcessSettings { get }
  var addresses: [ConfiguredAddress] { get }
  /// What the process does while it is ready, for the service manager.
  var readyStatus: String { get }
  /// Every file that it was read from beside the configuration's own.
  var files: [String] { get }

  /// Names of settings in which this differs from `other` and which a running process cannot change.
  func fixedDifferences(from other: Self) -> [String]
}

/// A core.
struct CoreEnd: LinkEnd {
  private let runtime: CoreRuntime
  private let options: CoreOptions

  static func start(
    _ configuration: CoreConfiguration, onReadinessChange: @escaping @Sendable (Readiness) -> Void
  ) async throws -> CoreEnd {
    var options = try CoreOptions(configuration)
    options.process.onReadinessChange = onReadinessChange
    return CoreEnd(runtime: try await CoreRuntime.start(options), options: options)
  }

  func reload(_ configuration: CoreConfiguration) async throws {
    let new = try CoreOptions(configuration, running: options)
    try await runtime.reload(tls: new.tls, policy: new.policy, listeners: new.listeners)
  }

  func record(_ event: Event) { runtime.record(event) }

  func drain() async throws { try await runtime.drain() }
}

/// An edge.
struct EdgeEnd: LinkEnd {
  private let runtime: EdgeRuntime

  static func start(
    _ configuration: EdgeConfiguration, onReadinessChange: @escaping @Sendable (Readiness) -> Void
  ) async throws -> EdgeEnd {
    var options = try EdgeOptions(configuration)
    options.process.onReadinessChange = onReadinessChange
    return EdgeEnd(runtime: try await EdgeRuntime.start(options))
  }

  func reload(_ configuration: EdgeConfiguration) async throws {
    let options = try EdgeOptions(configuration)
    try await runtime.reload(tls: options.tls, policy: options.policy, exposure: options.exposure, listeners: options.listeners)
  }

  func record(_ event: Event) { runtime.record(event) }

  func drain() async throws { try await runtime.drain() }
}

extension CoreConfiguration: EndConfiguration {
  static var role: Role { .core }
  var readyStatus: String { "serving" }
  var files: [String] {
    credentials.files.all + originAuthorityFiles + earlyData.files + listeners.flatMap { $0.certificate?.files ?? [] }
  }

  func fixedDifferences(from other: CoreConfiguration) -> [String] {
    var names = process.differences(from: other.process)
    if listen != other.listen { names.append("listen") }
    if name != other.name { names.append("name") }
    if edgeWait != other.edgeWait { names.append("edge_wait") }
    if idempotent != other.idempotent { names.append("idempotent") }
    if earlyData.isFixed(unlike: other.earlyData) { names.append("early_data") }
    if modules != other.modules { names.append("modules") }
    return names
  }
}

extension EdgeConfiguration: EndConfiguration {
  static var role: Role { .edge }
  var readyStatus: String { "connected to \(upstream.map(\.description).joined(separator: ", "))" }
  var files: [String] {
    credentials.files.all + originAuthorityFiles + listeners.flatMap { $0.certificate?.files ?? [] }
  }

  func fixedDifferences(from other: EdgeConfiguration) -> [String] {
    var names = process.differences(from: other.process)
    if listeners.map(\.placement) != other.listeners.map(\.placement) { names.append("listeners") }
    if upstream != other.upstream { names.append("upstream") }
    if preference != other.preference { names.append("prefer") }
    if link != other.link { names.append("link") }
    if serverName != other.serverName { names.append("server_name") }
    if idempotent != other.idempotent { names.append("idempotent") }
    if earlyData != other.earlyData { names.append("early_data") }
    if modules != other.modules { names.append("modules") }
    return names
  }
}

extension EdgeConfiguration.Listener {
  /// What of a listener is fixed while it is open.
  fileprivate var placement: [String] { [name, kind.rawValue, "\(address)", certificate == nil ? "plain" : "TLS"] }
}

extension CredentialFiles {
  fileprivate var all: [String] { [certificate, key, ca] }
}
