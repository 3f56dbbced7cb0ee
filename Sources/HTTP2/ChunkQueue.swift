import DequeModule
import NIOCore

/// Content that waits to be sent on one stream, in order. The usual single chunk needs no memory of its own.
struct ChunkQueue {
  private(set) var byteCount = 0
  private var first = ByteBuffer()
  private var rest: Deque<ByteBuffer> = []

  var isEmpty: Bool { byteCount == 0 }

  mutating func append(_ chunk: ByteBuffer) {
    guard chunk.readableBytes > 0 else { return }
    byteCount += chunk.readableBytes
    if first.readableBytes == 0 {
      first = chunk
    } else if chunk.readableBytes <= Self.copiedBytes, let last = rest.last, last.readableBytes <= Self.joinedBytes {
      // A small slice may hold a whole read buffer in memory; many small messages to a slow reader would hold many.
      rest[rest.count - 1].writeImmutableBuffer(chunk)
    } else if chunk.readableBytes <= Self.copiedBytes {
      var copy = ByteBufferAllocator().buffer(capacity: Self.joinedBytes)
      copy.writeImmutableBuffer(chunk)
      rest.append(copy)
    } else {
      rest.append(chunk)
    }
  }

  /// Moves `count` bytes, at most `byteCount`, to the end of `output`.
  mutating func move(_ count: Int, to output: inout ByteBuffer) {
    var left = min(count, byteCount)
    byteCount -= left
    while left > 0 {
      let piece = min(left, first.readableBytes)
      if var slice = first.readSlice(length: piece) { output.writeBuffer(&slice) }
      left -= piece
      if first.readableBytes == 0 { first = rest.popFirst() ?? ByteBuffer() }
    }
  }

  /// Drops everything and says how much it was.
  mutating func removeAll() -> Int {
    defer { self = ChunkQueue() }
    return byteCount
  }

  private static let copiedBytes = 1024
  private static let joinedBytes = 4096
}
