internal import CSocket
import Glibc
import NIOCore
import NIOPosix

/// Hears from the kernel (rtnetlink) that an address or a route of this host has changed. What has, it does not say: that is
/// asked of the kernel, which knows better than any table of ours.
enum NetworkWatch {
  /// - Parameter changed: called on the loop, for each piece of news.
  /// - Returns: the channel, which ends the watch when it is closed.
  /// - Throws: an `IOError` where netlink is not allowed.
  static func start(on eventLoop: any EventLoop, changed: @escaping () -> Void) throws -> EventLoopFuture<any Channel> {
    let descriptor = csocket_network_watch_open()
    guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "a netlink socket") }
    let handler = NIOLoopBound(NewsHandler(changed: changed), eventLoop: eventLoop)
    // NIO reads any descriptor that is not a file as a pipe.
    let channel = NIOPipeBootstrap(group: eventLoop)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8192))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler.value) }
      }
      .takingOwnershipOfDescriptor(input: descriptor)
    channel.whenFailure { _ in Glibc.close(descriptor) }
    return channel.map { $0 }
  }
}

private final class NewsHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let changed: () -> Void

  init(changed: @escaping () -> Void) {
    self.changed = changed
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { changed() }
}
