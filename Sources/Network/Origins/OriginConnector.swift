import Exchange
import Gateway
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Wires

/// Opens TCP connections to an origin and puts the right wire on them: HTTP/1.1, h2c, or what ALPN chose under TLS.
///
/// Names are resolved at each connection and their addresses tried as RFC 8305 says (NIO does both).
struct OriginConnector {
  let origin: OriginURL
  /// TLS for `https://` origins; verified against the given CA or the system's.
  let tls: NIOSSLContext?
  let timeout: TimeAmount
  /// Makes a wire in the client's role.
  let makeWire: (WireProtocol) -> any OriginWire

  /// A connection that is ready for exchanges, on `turn`'s loop.
  ///
  /// - Parameters:
  ///   - onTurn: called at the end of each turn in which the connection did something; its vacancy may have changed.
  ///   - onClose: called once when it is gone.
  func connect(
    turn: LoopTurn, onTurn: @escaping (OriginConnection) -> Void, onClose: @escaping (OriginConnection) -> Void
  ) -> EventLoopFuture<NIOLoopBound<OriginConnection>> {
    let eventLoop = turn.eventLoop
    let context = NIOLoopBound((self, turn, onTurn, onClose), eventLoop: eventLoop)
    let connected = ClientBootstrap(group: eventLoop)
      .connectTimeout(timeout)
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.recvAllocator, value: ByteStreamHandler.readBuffers)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try context.value.0.addTLS(to: channel) }
      }
      .connect(host: origin.host, port: Int(origin.port))
    return connected.flatMap { channel in
      context.value.0.negotiatedProtocol(on: channel).flatMapThrowing { wireProtocol in
        let (connector, turn, onTurn, onClose) = context.value
        let connection = OriginConnection(wire: connector.makeWire(wireProtocol), channel: channel)
        let handler = ByteStreamHandler(
          wire: connection.wire, turn: turn, lingers: false, onTurn: { onTurn(connection) }, onClose: { onClose(connection) })
        connection.handler = handler
        try channel.pipeline.syncOperations.addHandler(handler)
        return NIOLoopBound(connection, eventLoop: eventLoop)
      }
    }
  }

  private func addTLS(to channel: any Channel) throws {
    guard origin.scheme == .https, let tls else { return }
    // An address is no server name (RFC 6066 §3); it is verified against the certificate's IP addresses all the same.
    let isAddress = (try? SocketAddress(ipAddress: origin.host, port: 0)) != nil
    let handler = try NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : origin.host)
    try channel.pipeline.syncOperations.addHandlers(handler, TLSHandshakeWaiter(eventLoop: channel.eventLoop))
  }

  private func negotiatedProtocol(on channel: any Channel) -> EventLoopFuture<WireProtocol> {
    switch origin.scheme {
    case .http: return channel.eventLoop.makeSucceededFuture(.http1)
    case .h2c: return channel.eventLoop.makeSucceededFuture(.http2)
    case .https:
      return channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.handler(type: TLSHandshakeWaiter.self).negotiated
      }.flatMap { $0 }
    }
  }
}

/// A connection in a pool.
final class OriginConnection {
  let wire: any OriginWire
  let channel: any Channel
  var handler: ByteStreamHandler?
  /// Whether the pool's list of connections with room holds it.
  var isListed = false

  init(wire: any OriginWire, channel: any Channel) {
    self.wire = wire
    self.channel = channel
  }
}

/// Tells when TLS to an origin is up and what ALPN chose; fails when the handshake does.
private final class TLSHandshakeWaiter: ChannelInboundHandler {
  typealias InboundIn = NIOAny

  private let promise: EventLoopPromise<WireProtocol>
  var negotiated: EventLoopFuture<WireProtocol> { promise.futureResult }

  init(eventLoop: any EventLoop) {
    promise = eventLoop.makePromise()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted(let chosen)? = event as? TLSUserEvent {
      promise.succeed(chosen == "h2" ? .http2 : .http1)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    promise.fail(error)
    context.fireErrorCaught(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    promise.fail(ChannelError.eof)
    context.fireChannelInactive()
  }
}
