import DequeModule
import NIOCore

/// What an HTTP/1.1 connection has still to write: heads and small content gathered in one buffer, large content as it came.
struct OutputQueue {
  /// A piece of output and how much of it is content, which is reported consumed when the piece is taken.
  struct Piece {
    var bytes: ByteBuffer
    var contentBytes: Int
  }

  private var pieces: Deque<Piece> = []
  private var tail = Piece(bytes: ByteBuffer(), contentBytes: 0)
  private var tailHintBytes = 512

  var isEmpty: Bool { pieces.isEmpty && tail.bytes.readableBytes == 0 }

  /// Appends what is not content: heads, chunk sizes.
  mutating func write<Value, Failure: Error>(
    _ body: (inout ByteBuffer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    makeTail()
    return try body(&tail.bytes)
  }

  /// Appends content; a large chunk is not copied.
  ///
  /// Behind others a middling one is: buffers come in powers of two, and what waits for a slow reader would take twice its size.
  mutating func writeContent(_ chunk: ByteBuffer) {
    if chunk.readableBytes <= (pieces.isEmpty ? Self.copiedBytes : Self.copiedBehindBytes) {
      gather(chunk)
    } else {
      closeTail()
      pieces.append(Piece(bytes: chunk, contentBytes: chunk.readableBytes))
    }
  }

  /// Copies content into tails that are filled to the last byte.
  private mutating func gather(_ chunk: ByteBuffer) {
    var chunk = chunk
    while chunk.readableBytes > 0 {
      makeTail()
      let room = max(Self.tailBytes - tail.bytes.readableBytes, 0)
      if var part = chunk.readSlice(length: min(chunk.readableBytes, room)) {
        tail.contentBytes += tail.bytes.writeBuffer(&part)
      }
      if tail.bytes.readableBytes >= Self.tailBytes { closeTail() }
    }
  }

  /// The next piece, at most about 64 KiB.
  mutating func next() -> Piece? {
    if pieces.isEmpty { closeTail() }
    guard !pieces.isEmpty else { return nil }
    // Only large content is longer than a piece; a gathered tail mixes heads and content and is taken whole.
    guard pieces[0].contentBytes > Self.pieceBytes, let slice = pieces[0].bytes.readSlice(length: Self.pieceBytes) else {
      return pieces.removeFirst()
    }
    pieces[0].contentBytes -= Self.pieceBytes
    return Piece(bytes: slice, contentBytes: Self.pieceBytes)
  }

  mutating func removeAll() {
    pieces.removeAll()
    tail = Piece(bytes: ByteBuffer(), contentBytes: 0)
  }

  private mutating func makeTail() {
    if tail.bytes.capacity == 0 { tail.bytes = ByteBufferAllocator().buffer(capacity: tailHintBytes) }
  }

  private mutating func closeTail() {
    guard tail.bytes.readableBytes > 0 else { return }
    tailHintBytes = min(max(tail.bytes.readableBytes, 256), 4096)
    pieces.append(tail)
    tail = Piece(bytes: ByteBuffer(), contentBytes: 0)
  }

  private static let copiedBytes = 4 * 1024
  private static let copiedBehindBytes = 16 * 1024
  private static let tailBytes = 16 * 1024
  private static let pieceBytes = 64 * 1024
}
