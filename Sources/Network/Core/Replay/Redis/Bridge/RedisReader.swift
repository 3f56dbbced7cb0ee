import CHiredis
import NIOCore

/// What a Redis server replies to the few commands that are sent here.
enum RedisReply: Equatable {
  /// `OK`
  case status
  /// A nil: with NX, the key was there.
  case nothing
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
    default: return .other
    }
  }

  /// A command in the protocol's form; nil when there is no memory for it.
  static func format(_ command: [String]) -> [UInt8]? {
    let parts = command.map { Array($0.utf8CString) }
    let joined = parts.flatMap { $0 }
    return unsafe joined.withUnsafeBufferPointer { bytes in
      var pointers = unsafe [UnsafePointer<CChar>?]()
      var offset = 0
      for part in parts {
        unsafe pointers.append(bytes.baseAddress.map { unsafe $0 + offset })
        offset += part.count
      }
      var target: UnsafeMutablePointer<CChar>?
      let lengths = parts.map { $0.count - 1 }
      let count = unsafe redisFormatCommandArgv(&target, Int32(pointers.count), &pointers, lengths)
      guard count >= 0, let text = unsafe target else { return nil }
      defer { unsafe redisFreeCommand(text) }
      return unsafe UnsafeRawBufferPointer(start: text, count: Int(count)).map { $0 }
    }
  }
}
