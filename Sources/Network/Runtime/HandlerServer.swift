public import Exchange
public import NIOCore
import Observability
import Wires

/// Serves a handler on a TCP port over HTTP/1.1 and h2c, with loops of its own and nothing else: for origins that are Swift
/// programs, demonstrations and tests.
public final class HandlerServer: Sendable {
  /// The bound address with the port that was chosen.
  public let localAddress: SocketAddress
  private let listener: TCPListener
  private let loops: LoopGroup

  /// Binds and begins to accept.
  /// - Parameters:
  ///   - address: where to listen; port 0 lets the system choose.
  ///   - name: in error answers.
  ///   - makeHandler: makes each loop's handler, on that loop.
  /// - Throws: when the address cannot be bound.
  public static func start(
    on address: SocketAddress, loopCount: Int = 1, name: String,
    makeHandler: @escaping @Sendable (any EventLoop) -> any ExchangeHandler
  ) async throws -> HandlerServer {
    let loops = try await LoopGroup.start(count: loopCount, log: nil, settings: LogSettings(isAccessLogOn: false))
    do {
      let perLoop = try await loops.onEach { loop in
        let handler = makeHandler(loop.eventLoop)
        return ListenerLoop(name: name, turn: loop.turn) { origin, _ in
          DetectingServerWire(ServerWireContext(handler: handler, origin: origin, hop: name, events: loop.events))
        }
      }
      return HandlerServer(listener: try await TCPListener.bind(to: address, group: loops.group, loops: perLoop), loops: loops)
    } catch {
      try await loops.shutDown()
      throw error
    }
  }

  /// Closes everything at once.
  public func stop() async throws {
    await listener.drain()
    listener.abort()
    try await loops.shutDown()
  }

  private init(listener: TCPListener, loops: LoopGroup) {
    self.listener = listener
    self.loops = loops
    localAddress = listener.localAddress
  }
}
