import DequeModule
import HTTPMessage
import NIOCore

/// A request that was sent as early data, kept until the head of its answer: an origin that wants to be sure that it is no copy
/// answers 425 (Too Early), and whoever made the request early sends it again (RFC 8470 §5.2).
final class EarlyCopy {
  let head: RequestHead
  private(set) var chunks: Deque<ByteBuffer>
  /// Nil before the end.
  var end: FieldSection??
  private var byteCount: Int

  /// Nil when the client has said itself that the request is early: then the 425 is its own, and passed on. Nil too when there is
  /// too much of it to be kept.
  init?(_ head: RequestHead, chunks: Deque<ByteBuffer>, end: FieldSection??) {
    guard !head.fields.contains(.earlyData) else { return nil }
    self.head = head
    self.chunks = chunks
    self.end = end
    byteCount = chunks.reduce(0) { $0 + $1.readableBytes }
    guard byteCount <= Self.maximumBytes else { return nil }
  }

  /// - Returns: false when the content is too long to be kept.
  func append(_ chunk: ByteBuffer) -> Bool {
    byteCount += chunk.readableBytes
    guard byteCount <= Self.maximumBytes else { return false }
    chunks.append(chunk)
    return true
  }

  static let tooEarlyStatus = 425
  /// Early requests are small: what a first flight carries is a few kilobytes.
  private static let maximumBytes = 64 * 1024
}
