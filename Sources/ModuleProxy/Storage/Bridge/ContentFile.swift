import Crypto
import Glibc
import NIOCore

/// Content of an entry that lies in a file; reading may wait for a disk.
protocol StoredContent: Sendable {
  func buffer(at offset: Int, count: Int) throws(StorageError) -> ByteBuffer
}

/// The content of one entry in an open file. It can be read as long as this lives, whatever becomes of the file's name.
final class ContentFile: StoredContent, RandomAccessBytes, Sendable {
  let byteCount: Int
  private let descriptor: Int32

  /// - Parameter descriptor: of a file with a header; owned by this object from now on.
  init(descriptor: Int32, byteCount: Int) {
    self.descriptor = descriptor
    self.byteCount = byteCount
  }

  deinit { close(descriptor) }

  func buffer(at offset: Int, count: Int) throws(StorageError) -> ByteBuffer {
    try PositionedIO.read(descriptor, at: EntryHeader.byteCount + offset, count: count)
  }

  func bytes(at offset: Int, count: Int) throws -> [UInt8] { Array(try buffer(at: offset, count: count).readableBytesView) }
}

/// Reading and writing at a place of a file, whole.
enum PositionedIO {
  static func read(_ descriptor: Int32, at offset: Int, count: Int) throws(StorageError) -> ByteBuffer {
    guard count >= 0, count <= 1 << 30 else { throw StorageError("a file of the cache is damaged") }
    var buffer = ByteBuffer()
    let isWhole = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
      var done = 0
      while done < count, let base = target.baseAddress {
        let step = unsafe pread(descriptor, base + done, count - done, off_t(offset + done))
        if step < 0, errno == EINTR { continue }
        if step <= 0 { break }
        done += step
      }
      return done
    }
    guard isWhole == count else { throw StorageError("a file of the cache is shorter than it says") }
    return buffer
  }

  /// - Returns: false when not all of it could be written; `errno` says why.
  static func write(_ buffer: ByteBuffer, to descriptor: Int32, at offset: Int) -> Bool {
    unsafe buffer.withUnsafeReadableBytes { bytes in
      var done = 0
      while done < bytes.count, let base = bytes.baseAddress {
        let step = unsafe pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
        if step < 0, errno == EINTR { continue }
        guard step > 0 else { return false }
        done += step
      }
      return true
    }
  }
}

extension SHA256 {
  mutating func update(_ buffer: ByteBuffer) {
    unsafe buffer.withUnsafeReadableBytes { unsafe update(bufferPointer: $0) }
  }
}

/// SHA-256 of content that is in memory.
enum ContentDigest {
  static func of(_ buffer: ByteBuffer) -> [UInt8] {
    var digest = SHA256()
    digest.update(buffer)
    return Array(digest.finalize())
  }
}
