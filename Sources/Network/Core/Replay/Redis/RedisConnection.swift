import DequeModule
import NIOCore

/// A connection to a Redis server: commands go out, replies come in the same order.
final class RedisConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Called once when the connection is gone, behind the replies that are missing.
  var onClose: () -> Void = {}
  private var reader = RedisReader()
  private var waiting: Deque<(RedisReply?) -> Void> = []
  private var context: ChannelHandlerContext?

  /// - Parameter reply: nil when none came.
  func send(_ command: [String], reply: @escaping (RedisReply?) -> Void) {
    guard let context, let bytes = RedisReader.format(command) else { return reply(nil) }
    waiting.append(reply)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
  }

  func close() { context?.close(promise: nil) }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    reader.feed(unwrapInboundIn(data))
    do throws(RedisReader.Malformed) {
      while let reply = try reader.next() { waiting.popFirst()?(reply) }
    } catch {
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    while let reply = waiting.popFirst() { reply(nil) }
    let onClose = onClose
    self.onClose = {}
    onClose()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
