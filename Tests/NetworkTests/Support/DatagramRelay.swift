import NIOCore
import NIOPosix
import Synchronization

/// Stands between an edge and its core: passes datagrams on, goes dark, leads to another core from one moment to the next, or
/// forgets as a NAT does.
final class DatagramRelay: Sendable {
  private struct State {
    var target: SocketAddress
    var client: SocketAddress?
    var isDark = false
    var outside: any Channel
  }

  let port: Int
  private let state: Mutex<State>
  private let inside: any Channel

  static func start(to port: UInt16) async throws -> DatagramRelay {
    let relay = DatagramRelay(
      target: try SocketAddress(ipAddress: "127.0.0.1", port: Int(port)), inside: try await bind(), outside: try await bind())
    try await relay.inside.pipeline.addHandler(Side(relay, isInside: true)).get()
    try await relay.state.withLock { $0.outside }.pipeline.addHandler(Side(relay, isInside: false)).get()
    return relay
  }

  /// Everything is lost while it is dark.
  func setDark(_ isDark: Bool) { state.withLock { $0.isDark = isDark } }

  /// Leads to another core; what the one before sends is lost.
  func lead(to port: UInt16) throws {
    let target = try SocketAddress(ipAddress: "127.0.0.1", port: Int(port))
    state.withLock { $0.target = target }
  }

  /// What comes from now on leaves from another port; what is sent to the one before is lost.
  func rebind() async throws {
    let new = try await Self.bind()
    try await new.pipeline.addHandler(Side(self, isInside: false)).get()
    let former = state.withLock { state in
      defer { state.outside = new }
      return state.outside
    }
    try await former.close()
  }

  func stop() async throws {
    try await inside.close()
    try await state.withLock { $0.outside }.close()
  }

  private init(target: SocketAddress, inside: any Channel, outside: any Channel) {
    state = Mutex(State(target: target, outside: outside))
    self.inside = inside
    port = inside.localAddress?.port ?? 0
  }

  /// Takes the largest datagrams whole.
  private static func bind() async throws -> any Channel {
    try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65536))
      .bind(to: Site.loopback()).get()
  }

  private func pass(_ envelope: AddressedEnvelope<ByteBuffer>, isFromInside: Bool) {
    let way = state.withLock { state -> (SocketAddress, any Channel)? in
      if isFromInside { state.client = envelope.remoteAddress }
      if state.isDark { return nil }
      if isFromInside { return (state.target, state.outside) }
      guard envelope.remoteAddress == state.target, let client = state.client else { return nil }
      return (client, inside)
    }
    guard let (destination, channel) = way else { return }
    channel.writeAndFlush(AddressedEnvelope(remoteAddress: destination, data: envelope.data), promise: nil)
  }

  private final class Side: ChannelInboundHandler, Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let relay: DatagramRelay
    private let isInside: Bool

    init(_ relay: DatagramRelay, isInside: Bool) {
      self.relay = relay
      self.isInside = isInside
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      relay.pass(unwrapInboundIn(data), isFromInside: isInside)
    }
  }
}
