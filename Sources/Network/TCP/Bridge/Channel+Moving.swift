internal import Glibc
import NIOCore
import NIOPosix

extension Channel {
  /// Gives the TCP connection of this channel, which is not registered with its event loop yet, to a channel of another loop, and
  /// closes this one.
  ///
  /// NIO binds a channel to its loop for good. So the new one gets a second descriptor of the same connection, which outlives the
  /// first. Called on this channel's loop.
  /// - Parameter bootstrap: of the new channel, with a group that is the loop.
  /// - Throws: `IOError` when the process has no descriptor left; then this channel is as it was.
  func move(by bootstrap: ClientBootstrap) throws {
    let descriptor = try pipeline.syncOperations.withUnsafeTransportIfAvailable { (socket: NIOBSDSocket.Handle) in
      let descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 0)
      guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "F_DUPFD_CLOEXEC") }
      return descriptor
    }
    guard let descriptor else { throw ChannelError.operationUnsupported }
    close(promise: nil)
    // A channel that its initializer refuses, or whose loop has ended, is closed with its descriptor.
    _ = bootstrap.withConnectedSocket(descriptor)
  }
}
