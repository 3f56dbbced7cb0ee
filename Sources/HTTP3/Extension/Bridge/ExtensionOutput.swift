import DequeModule
import NIOCore
import QUICTransport

/// Bytes of an extension's stream from the oldest that the peer has not acknowledged to the newest.
///
/// Keeps the promise that memory handed out stays where it is until it is acknowledged: a chunk is held and never written to.
struct ExtensionOutput {
  private var chunks: Deque<ByteBuffer> = []
  private var byteCount = 0
  private var acknowledgedBytes = 0
  private var writtenBytes = 0

  /// Whether something has not gone into a packet.
  var isPending: Bool { writtenBytes < byteCount }

  mutating func append(_ chunk: ByteBuffer) {
    guard chunk.readableBytes > 0 else { return }
    chunks.append(chunk)
    byteCount += chunk.readableBytes
  }

  /// Fills `vectors` with what has not gone into packets.
  /// - Returns: how many were filled.
  func offer(into vectors: UnsafeMutableBufferPointer<StreamBytes>) -> Int {
    var skipped = writtenBytes
    var filled = 0
    for chunk in chunks where filled < vectors.count {
      let offset = min(skipped, chunk.readableBytes)
      skipped -= offset
      guard offset < chunk.readableBytes else { continue }
      unsafe vectors[filled] = chunk.withUnsafeReadableBytesWithStorageManagement { readable, _ in
        unsafe StreamBytes(
          base: UnsafeMutableRawPointer(mutating: readable.baseAddress)?.advanced(by: offset).assumingMemoryBound(to: UInt8.self),
          count: readable.count - offset)
      }
      filled += 1
    }
    return filled
  }

  mutating func wrote(_ count: Int) { writtenBytes += count }

  /// The peer has so many further bytes: their memory may go.
  mutating func acknowledge(_ count: Int) {
    acknowledgedBytes += count
    while let first = chunks.first, first.readableBytes <= acknowledgedBytes {
      acknowledgedBytes -= first.readableBytes
      writtenBytes -= first.readableBytes
      byteCount -= first.readableBytes
      chunks.removeFirst()
    }
  }

  /// Nothing has arrived: everything is offered again.
  mutating func rewind() { writtenBytes = 0 }
}
