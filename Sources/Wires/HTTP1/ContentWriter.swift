import HTTP1
import HTTPMessage
import NIOCore

/// Writes the content of one message by the framing that its head announced, and notices when it does not fit.
struct ContentWriter {
  private let framing: HTTP1Framing
  private var left: UInt64 = 0

  init(_ framing: HTTP1Framing) {
    self.framing = framing
    if case .length(let length) = framing { left = length }
  }

  /// Appends a chunk; false when it is more than the head announced.
  mutating func write(_ chunk: ByteBuffer, to output: inout OutputQueue) -> Bool {
    let count = chunk.readableBytes
    guard count > 0 else { return true }
    switch framing {
    case .length:
      guard UInt64(count) <= left else { return false }
      left -= UInt64(count)
      output.writeContent(chunk)
    case .chunked:
      output.write { $0.writeHTTP1ChunkStart(byteCount: count) }
      output.writeContent(chunk)
      output.write { $0.writeHTTP1ChunkEnd() }
    case .untilClose:
      output.writeContent(chunk)
    }
    return true
  }

  /// Appends the end; false when content is missing. Trailers need the chunked coding and are left out elsewhere.
  mutating func end(trailers: FieldSection?, to output: inout OutputQueue) -> Bool {
    if framing == .chunked { output.write { $0.writeHTTP1LastChunk(trailers: trailers) } }
    return left == 0
  }
}
