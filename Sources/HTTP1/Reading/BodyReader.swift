import HTTPMessage
import NIOCore

/// Content by each of HTTP/1.1's ways to say where it ends (RFC 9112 §6.3).
enum BodyReader {
  case none
  case length(left: UInt64)
  case chunked(ChunkedReader)
  case untilClose

  enum Part {
    case content(ByteBuffer)
    case end(FieldSection?)
  }

  /// The next piece of content or the end; nil when more bytes are needed.
  mutating func next(from input: inout ByteBuffer, limits: MessageLimits) throws(HTTP1Error) -> Part? {
    switch self {
    case .none:
      return .end(nil)
    case .length(let left):
      if left == 0 { return .end(nil) }
      let count = Int(min(left, UInt64(input.readableBytes)))
      guard count > 0, let slice = input.readSlice(length: count) else { return nil }
      self = .length(left: left - UInt64(count))
      return .content(slice)
    case .chunked(var reader):
      let part = try reader.next(from: &input, limits: limits)
      self = .chunked(reader)
      return part
    case .untilClose:
      guard input.readableBytes > 0 else { return nil }
      return input.readSlice(length: input.readableBytes).map { .content($0) }
    }
  }
}
