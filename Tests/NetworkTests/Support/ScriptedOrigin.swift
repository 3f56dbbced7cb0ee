import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A TCP origin that does with the bytes of each connection what a test says.
final class ScriptedOrigin: Sendable {
  /// Called on the connection's loop: with nil when it was accepted, then with what was read.
  typealias Script = @Sendable (Peer, ByteBuffer?) -> Void

  let port: Int
  private let listener: any Channel
  private let counts: Counts
  /// Of its own: other tests keep the shared loops busy for seconds.
  private let group: MultiThreadedEventLoopGroup

  /// Connections accepted so far.
  var acceptedCount: Int { counts.value.withLock { $0.accepted } }
  /// Connections that are open.
  var openCount: Int { counts.value.withLock { $0.open } }

  /// - Parameters:
  ///   - reads: whether it reads what comes.
  ///   - tls: what it shows to clients; nil for plain TCP.
  static func start(reads: Bool = true, tls: NIOSSLContext? = nil, script: @escaping Script) async throws -> ScriptedOrigin {
    let counts = Counts()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let listener = try await ServerBootstrap(group: group)
      // Handed down to connections: little waits at an origin that does not read.
      .serverChannelOption(.socketOption(.so_rcvbuf), value: 64 * 1024)
      .childChannelOption(.autoRead, value: reads)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.addHandler(Driver(counts: counts, script: script))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return ScriptedOrigin(listener: listener, counts: counts, group: group)
  }

  /// Says nothing, ever.
  static func silent() async throws -> ScriptedOrigin { try await start { _, _ in } }

  func stop() async throws { try await group.shutdownGracefully() }

  private init(listener: any Channel, counts: Counts, group: MultiThreadedEventLoopGroup) {
    self.group = group
    self.listener = listener
    self.counts = counts
    port = listener.localAddress?.port ?? 0
  }

  /// A connection, for the script.
  final class Peer: @unchecked Sendable {
    // Unchecked: used on the connection's loop only.
    /// Counts up from 0 in the order in which connections were accepted.
    let number: Int
    /// What was read and not yet worked on.
    var input = ByteBuffer()
    var hasPreface = false
    private let channel: any Channel

    init(number: Int, channel: any Channel) {
      self.number = number
      self.channel = channel
    }

    func send(_ bytes: [UInt8], after delay: TimeAmount = .zero) {
      channel.eventLoop.scheduleTask(in: delay) { [channel] in channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
    }

    func send(_ text: String, after delay: TimeAmount = .zero) { send(Array(text.utf8), after: delay) }

    func close() { channel.close(promise: nil) }
  }

  private final class Counts: Sendable {
    let value = Mutex((accepted: 0, open: 0))
  }

  private final class Driver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let counts: Counts
    private let script: Script
    private var peer: Peer?

    init(counts: Counts, script: @escaping Script) {
      self.counts = counts
      self.script = script
    }

    func channelActive(context: ChannelHandlerContext) {
      let number = counts.value.withLock { counts in
        counts.accepted += 1
        counts.open += 1
        return counts.accepted - 1
      }
      let peer = Peer(number: number, channel: context.channel)
      self.peer = peer
      script(peer, nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      if let peer { script(peer, unwrapInboundIn(data)) }
    }

    func channelInactive(context: ChannelHandlerContext) {
      counts.value.withLock { $0.open -= 1 }
      peer = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}

/// Waits until something holds; false when it does not within ten seconds.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
  for _ in 0..<500 {
    if try await condition() { return true }
    try await Task.sleep(for: .milliseconds(20))
  }
  return false
}
