import CHiredis
import NIOCore

/// What a Redis server replies to the few commands that are sent here.
enum RedisReply: Equatable {
  /// `OK`
  case status
  /// A nil: with NX, the key was there.
  case nothing
  /// A string: what GET and the like find.
  case content(ByteBuffer)
  case error(String)
  case other
}

/// hiredis's reader and formatter of the Redis protocol; the socket is NIO's.
@safe
final class RedisReader {
  private let reader: UnsafeMutablePointer<redisReader>?

  init() { unsafe reader = redisReaderCreate() }

  deinit { unsafe redisReaderFree(reader) }

  struct Malformed: Error {}

  func feed(_ bytes: ByteBuffer) {
    unsafe bytes.withUnsafeReadableBytes { bytes in
      _ = unsafe redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
  }

  /// - Returns: nil when no reply is complete.
  func next() throws(Malformed) -> RedisReply? {
    var raw: UnsafeMutableRawPointer?
    guard unsafe redisReaderGetReply(reader, &raw) == REDIS_OK else { throw Malformed() }
    guard let reply = unsafe raw?.assumingMemoryBound(to: redisReply.self) else { return nil }
    defer { unsafe freeReplyObject(raw) }
    switch unsafe reply.pointee.type {
    case REDIS_REPLY_STATUS: return .status
    case REDIS_REPLY_NIL: return .nothing
    case REDIS_REPLY_ERROR: return unsafe .error(String(cString: reply.pointee.str))
    case REDIS_REPLY_STRING:
      return unsafe .content(ByteBuffer(bytes: UnsafeRawBufferPointer(start: reply.pointee.str, count: Int(reply.pointee.len))))
    default: return .other
    }
  }

  /// A command in the protocol's form; nil when there is no memory for it.
  static func format(_ command: [ByteBuffer]) -> ByteBuffer? {
    var joined = ByteBuffer()
    for word in command { joined.writeImmutableBuffer(word) }
    return unsafe joined.withUnsafeReadableBytes { bytes in
      var pointers = unsafe [UnsafePointer<CChar>?]()
      var offset = 0
      for word in command {
        unsafe pointers.append(bytes.baseAddress.map { unsafe ($0 + offset).assumingMemoryBound(to: CChar.self) })
        offset += word.readableBytes
      }
      var target: UnsafeMutablePointer<CChar>?
      let count = unsafe redisFormatCommandArgv(&target, Int32(pointers.count), &pointers, command.map(\.readableBytes))
      guard count >= 0, let text = unsafe target else { return nil }
      defer { unsafe redisFreeCommand(text) }
      return unsafe ByteBuffer(bytes: UnsafeRawBufferPointer(start: text, count: Int(count)))
    }
  }
}
