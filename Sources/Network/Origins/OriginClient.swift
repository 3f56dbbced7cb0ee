public import Exchange
public import Gateway
public import NIOCore
import Observability

/// Sends exchanges to one origin over kept connections, with a loop of its own and nothing else: for demonstrations and tests.
public final class OriginClient: Sendable {
  /// Opens exchanges at the origin; lives on the client's loop.
  public let handler: NIOLoopBound<any ExchangeHandler>
  private let loops: LoopGroup

  public static func start(_ origin: OriginURL) async throws -> OriginClient {
    let loops = try await LoopGroup.start(count: 1, log: nil, settings: LogSettings(isAccessLogOn: false))
    let service = Service(name: "origin", origins: [origin], responseHeadTimeout: nil)
    do {
      let tls = try OriginTLSContexts(services: [service])
      let handlers = try await loops.onEach { loop in
        OriginPools(loop: loop, hop: "client", limits: NetworkLimits(), tls: tls).pool(for: service)
      }
      return OriginClient(handler: handlers[0], loops: loops)
    } catch {
      try await loops.shutDown()
      throw error
    }
  }

  public func stop() async throws {
    try await loops.shutDown()
  }

  private init(handler: NIOLoopBound<any ExchangeHandler>, loops: LoopGroup) {
    self.handler = handler
    self.loops = loops
  }
}
