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
    } else if chunk.readableBytes <= Self.blockBytes {
      join(chunk)
    } else {
      rest.append(chunk)
    }
  }

  /// Copies a chunk into blocks that are filled to the last byte. A slice holds the whole buffer that it is of in memory, and
  /// buffers come in powers of two: what waits for a slow reader would take twice its size and, in small messages, far more.
  private mutating func join(_ chunk: ByteBuffer) {
    var chunk = chunk
    if let last = rest.last, last.readableBytes < Self.blockBytes,
      var part = chunk.readSlice(length: min(chunk.readableBytes, Self.blockBytes - last.readableBytes)) {
      rest[rest.count - 1].writeBuffer(&part)
    }
    guard chunk.readableBytes > 0 else { return }
    var block = ByteBufferAllocator().buffer(capacity: chunk.readableBytes)
    block.writeBuffer(&chunk)
    rest.append(block)
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

  private static let blockBytes = 16 * 1024
}
