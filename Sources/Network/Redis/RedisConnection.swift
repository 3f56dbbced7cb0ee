import DequeModule
import NIOCore

/// A connection to a Redis server: commands go out, replies come in the same order.
final class RedisConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Called once when the connection is gone, behind the replies that are missing.
  var onClose: () -> Void = {}
  private var reader = RedisReader()
  private var waiting: Deque<Waiting> = []
  /// Of a reply that has not all come.
  private var partByteCount = 0
  private var check: Scheduled<Void>?
  private var context: ChannelHandlerContext?

  /// - Parameter reply: nil when none came.
  func send(_ command: [ByteBuffer], reply: @escaping (RedisReply?) -> Void) {
    guard let context, let bytes = RedisReader.format(command) else { return reply(nil) }
    waiting.append(Waiting(since: .now(), reply: reply))
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    if check == nil { checkLater(context) }
  }

  /// A server that has vanished without a word would keep its connection for as long as the kernel sends again, a quarter of an
  /// hour: when the oldest reply is this late, the connection is given up.
  private func checkLater(_ context: ChannelHandlerContext) {
    guard let oldest = waiting.first else { return check = nil }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    check = context.eventLoop.scheduleTask(deadline: oldest.since + Self.lateReply) {
      let (connection, context) = bound.value
      guard let oldest = connection.waiting.first, oldest.since + Self.lateReply <= .now() else {
        return connection.checkLater(context)
      }
      context.close(promise: nil)
    }
  }

  func close() { context?.close(promise: nil) }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    partByteCount += bytes.readableBytes
    reader.feed(bytes)
    do throws(RedisReader.Malformed) {
      while let reply = try reader.next() {
        partByteCount = 0
        waiting.popFirst()?.reply(reply)
      }
    } catch {
      context.close(promise: nil)
    }
    // Nothing that is asked for here is so long: whatever this is, it is not kept in memory until it ends.
    if partByteCount > Self.replyByteLimit { context.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    check?.cancel()
    while let next = waiting.popFirst() { next.reply(nil) }
    let onClose = onClose
    self.onClose = {}
    onClose()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private struct Waiting {
    let since: NIODeadline
    let reply: (RedisReply?) -> Void
  }

  private static let lateReply = TimeAmount.seconds(2)
  private static let replyByteLimit = 4 << 20
}
