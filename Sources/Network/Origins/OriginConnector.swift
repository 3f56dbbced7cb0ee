import Exchange
import Gateway
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Wires

/// Opens connections to an origin, over TCP or to a Unix socket, and puts the right wire on them: HTTP/1.1, h2c, or what ALPN
/// chose under TLS.
///
/// Names are resolved at each connection and their addresses tried as RFC 8305 says (NIO does both).
struct OriginConnector {
  let origin: OriginURL
  /// TLS for `https://` origins; verified against the given CA or the system's.
  let tls: NIOSSLContext?
  /// For everything until the first exchange can be opened: name, TCP, TLS, HTTP/2's SETTINGS.
  let timeout: TimeAmount
  /// Whether its connections carry tunnels, whose peers may leave what they are sent unread for as long as they like.
  var isTunnel = false
  /// Makes a wire in the client's role.
  let makeWire: (WireProtocol) -> any OriginWire

  /// A connection that is ready for exchanges, on `turn`'s loop; fails when there is none after `timeout`.
  ///
  /// - Parameters:
  ///   - pending: by which it can be given up meanwhile.
  ///   - onTurn: called at the end of each turn in which the connection did something; its vacancy may have changed.
  ///   - onClose: called once when it is gone.
  func connect(
    turn: LoopTurn, pending: PendingConnection? = nil, onTurn: @escaping (OriginConnection) -> Void,
    onClose: @escaping (OriginConnection) -> Void
  ) -> EventLoopFuture<NIOLoopBound<OriginConnection>> {
    let eventLoop = turn.eventLoop
    let deadline = NIODeadline.now() + timeout
    let context = NIOLoopBound((self, turn, onTurn, onClose), eventLoop: eventLoop)
    let boundPending = NIOLoopBound(pending, eventLoop: eventLoop)
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(timeout)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.recvAllocator, value: ByteStreamHandler.readBuffers)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try boundPending.value?.add(channel)
          try context.value.0.addTLS(to: channel)
        }
      }
    return open(bootstrap, on: eventLoop).flatMap { channel in
      let (connector, turn, onTurn, onClose) = context.value
      let ready = eventLoop.makePromise(of: NIOLoopBound<OriginConnection>.self)
      let limit = eventLoop.scheduleTask(deadline: deadline) {
        ready.fail(OriginConnectionError.notReadyInTime)
        channel.close(promise: nil)
      }
      ready.futureResult.whenComplete { _ in limit.cancel() }
      connector.negotiatedProtocol(on: channel).assumeIsolated().whenComplete { result in
        do {
          try connector.speak(result.get(), on: channel, turn: turn, ready: ready, onTurn: onTurn, onClose: onClose)
        } catch {
          ready.fail(error)
          channel.close(promise: nil)
        }
      }
      return ready.futureResult
    }
  }

  private func open(_ bootstrap: ClientBootstrap, on eventLoop: any EventLoop) -> EventLoopFuture<any Channel> {
    if let path = origin.socketPath {
      // A socket that is not there fails at once; like all failures this one must come after the call has returned.
      let bound = NIOLoopBound(bootstrap, eventLoop: eventLoop)
      return eventLoop.flatSubmit { bound.value.connect(unixDomainSocketPath: path) }
    }
    return bootstrap.channelOption(.socketOption(.tcp_nodelay), value: 1).channelLiveness(isTunnel ? .tunnels : .messages)
      .connect(host: origin.host, port: Int(origin.port))
  }

  /// Puts the wire on the channel and fulfils `ready` when exchanges can be opened.
  private func speak(
    _ wireProtocol: WireProtocol, on channel: any Channel, turn: LoopTurn,
    ready: EventLoopPromise<NIOLoopBound<OriginConnection>>,
    onTurn: @escaping (OriginConnection) -> Void, onClose: @escaping (OriginConnection) -> Void
  ) throws {
    guard channel.isActive else { throw ChannelError.eof }
    let connection = OriginConnection(wire: makeWire(wireProtocol))
    var isReady = false
    func checkReady() {
      guard connection.isReady else { return }
      isReady = true
      ready.succeed(NIOLoopBound(connection, eventLoop: turn.eventLoop))
    }
    let handler = ByteStreamHandler(
      wire: connection.wire, turn: turn, lingers: false,
      onTurn: { isReady ? onTurn(connection) : checkReady() },
      onClose: {
        connection.handler = nil
        if isReady { onClose(connection) } else { ready.fail(OriginConnectionError.closedBeforeSettings) }
      })
    try channel.pipeline.syncOperations.addHandler(handler)
    connection.handler = handler
    checkReady()
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
    case .tcp: return channel.eventLoop.makeSucceededFuture(.tcp)
    case .https:
      return channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.handler(type: TLSHandshakeWaiter.self).negotiated
      }.flatMap { $0 }
    }
  }
}

/// Why a TCP connection did not become one that takes exchanges, where the system has no error for it.
enum OriginConnectionError: Error {
  case notReadyInTime, closedBeforeSettings
  /// Nobody wants it any more.
  case cancelled
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

  /// A channel that never connected sees neither an error nor its end.
  func handlerRemoved(context: ChannelHandlerContext) {
    promise.fail(ChannelError.eof)
  }
}
