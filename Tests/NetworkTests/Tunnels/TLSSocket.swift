import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

@testable import Network

/// A client's TCP connection with TLS, which knows an end from a cut.
final class TLSSocket: Sendable {
  struct Seen: Sendable, Equatable {
    var text = ""
    /// The peer has said that it sends no more (close_notify).
    var isEnded = false
    /// The connection broke without that.
    var isBroken = false
    var failure = ""
    var isClosed = false
  }

  private let channel: any Channel
  private let state: State
  private let group: MultiThreadedEventLoopGroup

  static func connect(to port: Int, tls: NIOSSLContext) async throws -> TLSSocket {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let state = State()
    let channel = try await ClientBootstrap(group: group)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            NIOSSLClientHandler(context: tls, serverHostname: "localhost"), Reader(state))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    return TLSSocket(channel: channel, state: state, group: group)
  }

  var seen: Seen { state.seen.withLock { $0 } }

  func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

  /// Says close_notify, and reads on.
  func end() { channel.close(mode: .output, promise: nil) }

  /// Ends the TCP connection without a word of TLS.
  func cut(resets: Bool) async throws {
    if resets { channel.resetOnClose() }
    try await channel.eventLoop.submit { [channel] in
      try channel.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self).close(promise: nil)
    }.get()
  }

  func stop() async throws {
    try? await channel.close()
    try await group.shutdownGracefully()
  }

  private init(channel: any Channel, state: State, group: MultiThreadedEventLoopGroup) {
    self.channel = channel
    self.state = state
    self.group = group
  }

  private final class State: Sendable {
    let seen = Mutex(Seen())
  }

  private final class Reader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let state: State

    init(_ state: State) {
      self.state = state
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let text = String(buffer: unwrapInboundIn(data))
      state.seen.withLock { $0.text += text }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if let event = event as? ChannelEvent, event == .inputClosed { state.seen.withLock { $0.isEnded = !$0.isBroken } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      state.seen.withLock {
        $0.isBroken = true
        $0.failure = "\(error)"
      }
      context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { state.seen.withLock { $0.isClosed = true } }
  }
}
