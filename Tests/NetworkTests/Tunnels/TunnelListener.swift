import Exchange
import HTTPMessage
import NIOCore
import NIOSSL
import Observability
import Wires

@testable import Network

/// A TCP listener on a loop of its own, each of whose connections, or streams of HTTP/2, is a tunnel that a test holds the other
/// end of.
struct TunnelListener {
  private let listener: TCPListener
  private let loops: LoopGroup
  private let handler: NIOLoopBound<Handler>

  var port: Int { listener.localAddress.port ?? 0 }

  static func start(
    _ wire: WireProtocol = .tcp, tls: NIOSSLContext? = nil, limits: CloseLimits = CloseLimits()
  ) async throws -> TunnelListener {
    let loops = try await LoopGroup.start(count: 1, log: nil, settings: LogSettings(isAccessLogOn: false))
    let handler = try await loops.onEach { _ in Handler() }[0]
    let perLoop = try await loops.onEach { loop in
      ListenerLoop(name: "test", wire: wire, turn: loop.turn, tls: tls, limits: limits) { origin, _ in
        let context = ServerWireContext(handler: handler.value, origin: origin, hop: "test", events: loop.events)
        return wire == .tcp ? TCPServerWire(context, target: "a:1") : DetectingServerWire(context)
      }
    }
    let listener = try await TCPListener.bind(to: Site.loopback(), group: loops.group, loops: perLoop, liveness: .tunnels)
    return TunnelListener(listener: listener, loops: loops, handler: handler)
  }

  /// What the last connection's client has done so far.
  func seen() async throws -> Seen? { try await on { $0?.seen } }

  func send(_ text: String) async throws { try await on { $0?.sink.receiveResponseBody(ByteBuffer(string: text)) } }
  func end() async throws { try await on { $0?.sink.receiveResponseEnd(trailers: nil) } }
  func fail() async throws {
    try await on { $0?.sink.fail(GatewayError(.httpResponseIncomplete, side: .origin, message: "reset")) }
  }

  func openCount() async throws -> Int { try await listener.openExchangeCount() }

  func stop() async throws {
    await listener.drain()
    listener.abort()
    try await loops.shutDown()
  }

  struct Seen: Sendable, Equatable {
    var text = ""
    var isEnded = false
    var isCancelled = false
  }

  private func on<Result: Sendable>(_ body: @escaping @Sendable (Tunnel?) -> Result) async throws -> Result {
    try await handler.eventLoop.submit { [handler] in body(handler.value.last) }.get()
  }

  private final class Handler: ExchangeHandler {
    var last: Tunnel?

    func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
      sink.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
      let tunnel = Tunnel(sink)
      last = tunnel
      return tunnel
    }
  }

  private final class Tunnel: RequestSink {
    let sink: any ResponseSink
    var seen = Seen()

    init(_ sink: any ResponseSink) {
      self.sink = sink
    }

    func receiveRequestBody(_ chunk: ByteBuffer) {
      seen.text += String(buffer: chunk)
      sink.requestConsumed(chunk.readableBytes)
    }

    func receiveRequestEnd(trailers: FieldSection?) { seen.isEnded = true }
    func cancel(_ reason: ResetReason) { seen.isCancelled = true }
    func responseConsumed(_ byteCount: Int) {}
  }
}
