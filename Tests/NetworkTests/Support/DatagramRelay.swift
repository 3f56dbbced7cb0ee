import NIOCore
import NIOPosix
import Synchronization

/// Stands between an edge and its core: passes datagrams on, goes dark, or leads to another core from one moment to the next.
final class DatagramRelay: Sendable {
  private struct State {
    var target: SocketAddress
    var client: SocketAddress?
    var isDark = false
  }

  let port: Int
  private let state: Mutex<State>
  private let inside: any Channel
  private let outside: any Channel

  static func start(to port: UInt16) async throws -> DatagramRelay {
    let group = MultiThreadedEventLoopGroup.singleton
    func bind() async throws -> any Channel {
      try await DatagramBootstrap(group: group).bind(to: Site.loopback()).get()
    }
    let relay = DatagramRelay(
      target: try SocketAddress(ipAddress: "127.0.0.1", port: Int(port)), inside: try await bind(), outside: try await bind())
    try await relay.inside.pipeline.addHandler(Side(relay, isInside: true)).get()
    try await relay.outside.pipeline.addHandler(Side(relay, isInside: false)).get()
    return relay
  }

  /// Everything is lost while it is dark.
  func setDark(_ isDark: Bool) { state.withLock { $0.isDark = isDark } }

  /// Leads to another core; what the one before sends is lost.
  func lead(to port: UInt16) throws {
    let target = try SocketAddress(ipAddress: "127.0.0.1", port: Int(port))
    state.withLock { $0.target = target }
  }

  func stop() async throws {
    try await inside.close()
    try await outside.close()
  }

  private init(target: SocketAddress, inside: any Channel, outside: any Channel) {
    state = Mutex(State(target: target))
    self.inside = inside
    self.outside = outside
    port = inside.localAddress?.port ?? 0
  }

  private func pass(_ envelope: AddressedEnvelope<ByteBuffer>, isFromInside: Bool) {
    let destination = state.withLock { state -> SocketAddress? in
      if isFromInside { state.client = envelope.remoteAddress }
      if state.isDark { return nil }
      if isFromInside { return state.target }
      return envelope.remoteAddress == state.target ? state.client : nil
    }
    guard let destination else { return }
    (isFromInside ? outside : inside).writeAndFlush(
      AddressedEnvelope(remoteAddress: destination, data: envelope.data), promise: nil)
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
