import Exchange
import Gateway
import HTTPMessage
import ModuleProxy
import NIOCore

/// The module caches of a process, one for each service that is a module proxy.
///
/// They live on the first loop, so that whoever asks for the same thing meets there; the other loops' requests cross to it.
struct ModuleCaches: Sendable {
  /// By loop.
  private let handlers: [NIOLoopBound<HandlersByService>]
  private let redis: NIOLoopBound<RedisClient>?

  /// - Parameters:
  ///   - makeSources: where a service's modules come from; called on the first loop.
  /// - Throws: `StorageError` when a folder cannot be used.
  static func start(
    _ options: ModuleOptions, server: ModuleServer, loops: LoopGroup, makeSources: @escaping @Sendable (String) -> ModuleSources
  ) async throws -> ModuleCaches {
    let stores = try options.services.map { try ModuleStore(folder: "\(options.folder)/\($0)") }
    let (threads, longThreads) = (loops.threads, loops.longThreads)
    threads.start()
    longThreads.start()
    let home = loops.loops[0]
    let redis = try await home.eventLoop.submit { [redis = options.redis] in
      redis.map { options in
        let client = RedisClient(options, eventLoop: home.eventLoop)
        client.start()
        return NIOLoopBound(client, eventLoop: home.eventLoop)
      }
    }.get()
    var spread: [[NIOLoopBound<any ExchangeHandler>]] = []
    for (name, store) in zip(options.services, stores) {
      let cache = try await home.eventLoop.submit {
        let loop = home.value
        let cache = ModuleCache(
          settings: options.settings, server: server, sources: makeSources(name), store: store,
          shared: redis.map { RedisModuleStore($0.value, service: name) },
          executor: ModuleCacheExecutor(eventLoop: loop.eventLoop, threads: threads, longThreads: longThreads),
          events: loop.events)
        cache.tidy()
        let bound = NIOLoopBound(cache, eventLoop: loop.eventLoop)
        loop.eventLoop.scheduleRepeatedTask(initialDelay: tidyingPause, delay: tidyingPause) { _ in bound.value.tidy() }
        return NIOLoopBound(cache as any ExchangeHandler, eventLoop: loop.eventLoop)
      }.get()
      spread.append(try await loops.spread(cache, livingOn: 0))
    }
    let ways = spread
    let handlers = try await loops.onEach { loop in
      let byService = HandlersByService()
      for (name, way) in zip(options.services, ways) { byService[name] = way[loop.index].value }
      return byService
    }
    return ModuleCaches(handlers: handlers, redis: redis)
  }

  /// The caches as the loop of that index sees them.
  func handlers(loop index: Int) -> NIOLoopBound<HandlersByService> { handlers[index] }

  /// Lets go of what replicas share. What is on the disk needs no end.
  func stop() async throws {
    guard let redis else { return }
    try await redis.eventLoop.submit { redis.value.stop() }.get()
  }

  private static let tidyingPause = TimeAmount.seconds(30)
}
