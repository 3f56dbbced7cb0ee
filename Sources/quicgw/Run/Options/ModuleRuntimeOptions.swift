import Foundation
import GatewayConfig
import ModuleProxy
import Network

extension ModuleOptions {
  /// - Throws: `CommandError` when there is no folder.
  init?(_ settings: ModuleCacheSettings?) throws {
    guard let settings else { return nil }
    let environment = ProcessInfo.processInfo.environment["CACHE_DIRECTORY"]?.split(separator: ":").first.map(String.init)
    guard let folder = settings.folder ?? environment else {
      throw CommandError.configuration(
        """
        modules: there is no folder for the cache; add modules.folder, or systemd's CacheDirectory=, which sets $CACHE_DIRECTORY
        """)
    }
    var cache = ModuleSettings()
    cache.listingLifetime = settings.fresh
    cache.missingLifetime = settings.missing
    cache.staleLimit = settings.stale
    cache.patience = settings.retry
    cache.quota = settings.quota.bytes
    cache.unusedLimit = settings.unused
    cache.privateModules = settings.privateModules
    cache.database = settings.database
    cache.sharedPatience = settings.redisTimeout
    cache.sharedLifetime = settings.redisKeep
    self.init(services: settings.services, folder: folder, settings: cache, node: ProcessInfo.processInfo.hostName)
    sources = settings.sources
    publicSources = settings.publicSources
    redirectHosts = settings.redirectHosts
    redis = settings.redis.map { RedisOptions($0) }
  }
}

extension RedisOptions {
  init(_ server: RedisServer) {
    self.init(host: server.address.host, port: Int(server.address.port), password: server.password)
  }
}
