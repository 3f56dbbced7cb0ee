import NIOCore
import NIOPosix

/// A NAT between an edge and a core on loopback: `rebind` makes it forget, and what comes after that leaves from another port.
final class RebindingRelay: Sendable {
  private let loop: any EventLoop
  private let state: NIOLoopBound<State>

  /// What edges dial.
  let port: Int

  static func start(corePort: Int) async throws -> RebindingRelay {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let state = try await loop.submit { NIOLoopBound(State(), eventLoop: loop) }.get()
    let inside = try await bind(on: loop) { envelope in
      state.value.edge = envelope.remoteAddress
      state.value.outside?.writeAndFlush(AddressedEnvelope(remoteAddress: state.value.core, data: envelope.data), promise: nil)
    }
    let core = try SocketAddress(ipAddress: "127.0.0.1", port: corePort)
    try await loop.submit {
      state.value.inside = inside
      state.value.core = core
    }.get()
    let relay = RebindingRelay(loop: loop, state: state, port: inside.localAddress?.port ?? 0)
    try await relay.rebind()
    return relay
  }

  func rebind() async throws {
    let state = state
    let outside = try await Self.bind(on: loop) { envelope in
      guard let edge = state.value.edge else { return }
      state.value.inside?.writeAndFlush(AddressedEnvelope(remoteAddress: edge, data: envelope.data), promise: nil)
    }
    try await loop.submit {
      state.value.outside?.close(promise: nil)
      state.value.outside = outside
    }.get()
  }

  func stop() async throws {
    let state = state
    try await loop.submit {
      state.value.outside?.close(promise: nil)
      state.value.inside?.close(promise: nil)
    }.get()
  }

  private init(loop: any EventLoop, state: NIOLoopBound<State>, port: Int) {
    self.loop = loop
    self.state = state
    self.port = port
  }

  private static func bind(
    on loop: any EventLoop, receive: @escaping @Sendable (AddressedEnvelope<ByteBuffer>) -> Void
  ) async throws -> any Channel {
    try await DatagramBootstrap(group: loop)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65536))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Receiver(receive: receive)) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  private final class State {
    var inside: (any Channel)?
    var outside: (any Channel)?
    var edge: SocketAddress?
    var core: SocketAddress!
  }

  private final class Receiver: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let receive: @Sendable (AddressedEnvelope<ByteBuffer>) -> Void

    init(receive: @escaping @Sendable (AddressedEnvelope<ByteBuffer>) -> Void) {
      self.receive = receive
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { receive(unwrapInboundIn(data)) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
  }
}
