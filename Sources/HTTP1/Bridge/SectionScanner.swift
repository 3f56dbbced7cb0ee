import NIOCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Finds the empty line that ends a head or a trailer section, in whatever pieces the bytes come.
struct SectionScanner {
  /// Where the line that is being searched begins and where the search goes on, from the buffer's reader index.
  private var lineStart = 0
  private var position = 0

  /// The section's length with its empty line; nil when the end has not come yet.
  ///
  /// A line feed without carriage return is refused (RFC 9112 §2.2 lets a recipient accept it; parsers that disagree about it
  /// are how requests are smuggled).
  /// - Parameter limit: more bytes than this without an end are refused.
  mutating func find(in buffer: ByteBuffer, limit: Int) throws(HTTP1Error) -> Int? {
    let start = self
    let found: Found = unsafe buffer.withUnsafeReadableBytes { bytes in
      var lineStart = start.lineStart
      var position = start.position
      while position < bytes.count {
        guard
          let base = bytes.baseAddress,
          let match = unsafe memchr(base + position, 0x0a, bytes.count - position)
        else { break }
        let feed = unsafe UnsafeRawPointer(match) - base
        guard feed > lineStart, unsafe bytes[feed - 1] == 0x0d else { return .bareLineFeed }
        if feed == lineStart + 1 { return .end(feed + 1) }
        lineStart = feed + 1
        position = feed + 1
      }
      return .nothing(lineStart: lineStart, position: bytes.count)
    }
    switch found {
    case .bareLineFeed: throw HTTP1Error(.malformed, "a line feed without carriage return")
    case .end(let length):
      self = SectionScanner()
      guard length <= limit else { throw HTTP1Error(.fieldsTooLarge, "the field section is too long") }
      return length
    case .nothing(let lineStart, let position):
      guard position <= limit else { throw HTTP1Error(.fieldsTooLarge, "the field section is too long") }
      self.lineStart = lineStart
      self.position = position
      return nil
    }
  }

  private enum Found {
    case bareLineFeed
    case end(Int)
    case nothing(lineStart: Int, position: Int)
  }
}
