import Exchange
public import ModuleProxy

/// What a process is told about its module cache.
public struct ModuleOptions: Sendable {
  /// The services that are module proxies.
  public var services: [String]
  /// Gets a folder for each of them.
  public var folder: String
  public var settings: ModuleSettings
  /// Whom modules are asked of, by service; nil for the service's own origins.
  public var sources: SourceList?
  /// Those of them, or the service itself, that never hear of private modules.
  public var publicSources: [String] = []
  /// Where redirects of origins are followed to beside the origins themselves; a core's alone.
  public var redirectHosts: [RedirectHost] = []
  /// What replicas share; nil where this one is alone.
  public var redis: RedisOptions?
  /// This machine's name, for reports of failures.
  public var node: String

  public init(services: [String], folder: String, settings: ModuleSettings, node: String) {
    self.services = services
    self.folder = folder
    self.settings = settings
    self.node = node
  }

  /// - Parameters:
  ///   - own: the service's own origins, which get what is no part of the protocol.
  ///   - make: the handler of a source by its name.
  func sources(of service: String, own: any ExchangeHandler, make: (_ name: String) -> any ExchangeHandler) -> ModuleSources {
    let list = sources?.entries.map { entry in
      ModuleSource(make(entry.name), isPublic: publicSources.contains(entry.name), yieldsToErrors: entry.yieldsToErrors)
    }
    let isPublic = publicSources.contains(service)
    return ModuleSources(
      own: ModuleSource(own, isPublic: isPublic), list: list ?? [ModuleSource(make(service), isPublic: isPublic)])
  }
}
