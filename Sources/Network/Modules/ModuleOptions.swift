public import ModuleProxy

/// What a process is told about its module cache.
public struct ModuleOptions: Sendable {
  /// The services that are module proxies.
  public var services: [String]
  /// Gets a folder for each of them.
  public var folder: String
  public var settings: ModuleSettings
  /// What stands before the protocol's paths, by service: the base paths of their origins.
  public var basePaths: [String: [UInt8]] = [:]
  /// This machine's name, for reports of failures.
  public var node: String

  public init(services: [String], folder: String, settings: ModuleSettings, node: String) {
    self.services = services
    self.folder = folder
    self.settings = settings
    self.node = node
  }
}
