public import Exchange
public import Gateway
public import NIOCore
import Observability

/// Sends exchanges to one origin over kept connections, with a loop of its own and nothing else: for demonstrations and tests.
public final class OriginClient: Sendable {
  /// Opens exchanges at the origin; lives on the client's loop.
  public let handler: NIOLoopBound<any ExchangeHandler>
  let pools: NIOLoopBound<OriginPools>
  private let loops: LoopGroup

  public static func start(_ origin: OriginURL) async throws -> OriginClient {
    try await start(Service(name: "origin", origins: [origin], responseHeadTimeout: nil))
  }

  /// The same for a whole service, with limits of the caller's.
  static func start(
    _ service: Service, limits: NetworkLimits = NetworkLimits(), originLimits: OriginLimits = OriginLimits()
  ) async throws -> OriginClient {
    let loops = try await LoopGroup.start(count: 1, log: nil, settings: LogSettings(isAccessLogOn: false))
    do {
      let tls = try OriginTLSContexts(services: [service])
      let pools = try await loops.onEach { loop in
        OriginPools(
          loop: loop, hop: "client", limits: limits, tls: tls, tunnels: TunnelCounts(limits.tunnels), originLimits: originLimits)
      }[0]
      let handlers = try await loops.onEach { _ -> any ExchangeHandler in pools.value.pool(for: service) }
      return OriginClient(handler: handlers[0], pools: pools, loops: loops)
    } catch {
      try await loops.shutDown()
      throw error
    }
  }

  public func stop() async throws {
    try await loops.shutDown()
  }

  private init(handler: NIOLoopBound<any ExchangeHandler>, pools: NIOLoopBound<OriginPools>, loops: LoopGroup) {
    self.handler = handler
    self.pools = pools
    self.loops = loops
  }
}
