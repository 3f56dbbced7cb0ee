internal import CNghttp3
import DequeModule
import NIOCore

/// Content of one stream that waits, or was handed to the library by address and may be sent again.
///
/// This type alone keeps the promise that memory handed out stays where it is until the peer has acknowledged it: a chunk's
/// `ByteBuffer` is held and never written to, so its storage neither moves nor changes (a holder of the same storage that
/// writes gets a copy of its own).
struct OutgoingContent {
  /// From the oldest byte that is not acknowledged to the newest.
  private var chunks: Deque<ByteBuffer> = []
  private var acknowledgedOfFirst = 0
  /// The first chunk that has bytes which were not offered, and how many of it were.
  private var offeredChunks = 0
  private var offeredOfNext = 0
  private(set) var unofferedBytes = 0
  /// Bytes that were offered and are not acknowledged.
  private(set) var underWayBytes = 0

  mutating func append(_ chunk: ByteBuffer) {
    let count = chunk.readableBytes
    guard count > 0 else { return }
    if count <= Self.blockBytes, unofferedBytes > 0 {
      join(chunk)
    } else {
      chunks.append(chunk)
    }
    unofferedBytes += count
  }

  /// Copies a chunk into blocks that are filled to the last byte, unless the library has an address in the last one already.
  ///
  /// A slice holds the whole buffer that it is of in memory, and buffers come in powers of two: what waits for a slow reader would
  /// take twice its size and, in small messages, far more.
  private mutating func join(_ chunk: ByteBuffer) {
    var chunk = chunk
    let firstUntouched = offeredChunks + (offeredOfNext > 0 ? 1 : 0)
    let last = chunks.count - 1
    if last >= firstUntouched, chunks[last].readableBytes < Self.blockBytes,
      var part = chunk.readSlice(length: min(chunk.readableBytes, Self.blockBytes - chunks[last].readableBytes)) {
      chunks[last].writeBuffer(&part)
    }
    guard chunk.readableBytes > 0 else { return }
    var block = ByteBufferAllocator().buffer(capacity: chunk.readableBytes)
    block.writeBuffer(&chunk)
    chunks.append(block)
  }

  /// Fills `vectors` with the next bytes, at most `limit` of them.
  /// - Returns: how many vectors were filled and how many bytes they hold.
  mutating func offer(into vectors: UnsafeMutableBufferPointer<nghttp3_vec>, limit: Int) -> (vectors: Int, bytes: Int) {
    var filled = 0
    var bytes = 0
    while filled < vectors.count, bytes < limit, offeredChunks < chunks.count {
      let (base, available) = unsafe chunks[offeredChunks].withUnsafeReadableBytesWithStorageManagement { readable, _ in
        unsafe (UnsafeMutableRawPointer(mutating: readable.baseAddress), readable.count - offeredOfNext)
      }
      let count = min(available, limit - bytes)
      let address = unsafe base?.advanced(by: offeredOfNext).assumingMemoryBound(to: UInt8.self)
      unsafe vectors[filled] = unsafe nghttp3_vec(base: address, len: count)
      filled += 1
      bytes += count
      if count == available {
        offeredChunks += 1
        offeredOfNext = 0
      } else {
        offeredOfNext += count
      }
    }
    unofferedBytes -= bytes
    underWayBytes += bytes
    return (filled, bytes)
  }

  /// The peer has so many further bytes: their memory may go.
  mutating func acknowledge(_ byteCount: Int) {
    acknowledgedOfFirst += byteCount
    underWayBytes -= byteCount
    while offeredChunks > 0, let first = chunks.first, first.readableBytes <= acknowledgedOfFirst {
      acknowledgedOfFirst -= first.readableBytes
      chunks.removeFirst()
      offeredChunks -= 1
    }
  }

  /// Offers everything again; nothing of it was acknowledged.
  /// - Returns: how many bytes were offered before.
  mutating func rewind() -> Int {
    let offered = chunks.reduce(0) { $0 + $1.readableBytes } - unofferedBytes
    offeredChunks = 0
    offeredOfNext = 0
    unofferedBytes += offered
    underWayBytes = 0
    return offered
  }

  /// Drops what was not offered; what was stays until the stream is closed.
  mutating func discardUnoffered() {
    let kept = offeredChunks + (offeredOfNext > 0 ? 1 : 0)
    if kept < chunks.count { chunks.removeLast(chunks.count - kept) }
    offeredChunks = chunks.count
    offeredOfNext = 0
    unofferedBytes = 0
  }

  /// The stream is gone: nobody looks at the memory any more.
  mutating func releaseAll() {
    self = OutgoingContent()
  }

  private static let blockBytes = 16 * 1024
}
