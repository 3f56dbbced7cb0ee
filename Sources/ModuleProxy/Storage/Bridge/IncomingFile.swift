internal import CSocket
import Crypto
import Glibc
import NIOCore
import Synchronization

/// A file that content arrives in: written from its beginning, read at the same time, and in the end given its name or thrown
/// away.
///
/// When the disk takes no more, what has come moves into memory, so that whoever reads goes on; such a file is never kept.
final class IncomingFile: StoredContent, RandomAccessBytes, Sendable {
  private struct State {
    var byteCount = 0
    var digest = SHA256()
    var isInMemory = false
    var isNamed = false
  }

  private let descriptor: Int32
  private let path: String
  private let state: Mutex<State>
  private let memory: MemoryAllowance

  init(path: String, memory: MemoryAllowance) throws(StorageError) {
    self.path = path
    self.memory = memory
    var state = State()
    var descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    if descriptor < 0 {
      state.isInMemory = true
      descriptor = unsafe csocket_memory_file("quicgw-module")
    }
    guard descriptor >= 0 else { throw .system(path) }
    self.descriptor = descriptor
    self.state = Mutex(state)
  }

  deinit {
    let (isInMemory, isNamed, count) = state.withLock { ($0.isInMemory, $0.isNamed, $0.byteCount) }
    close(descriptor)
    if isInMemory {
      memory.giveBack(count)
    } else if !isNamed {
      _ = unsafe unlink(path)
    }
  }

  /// Whether it can be kept in the end.
  var isOnDisk: Bool { state.withLock { !$0.isInMemory } }

  /// Bytes that have come so far.
  var byteCount: Int { state.withLock { $0.byteCount } }

  /// SHA-256 of what has come so far.
  var digest: [UInt8] { state.withLock { Array($0.digest.finalize()) } }

  /// - Throws: when there is room for it neither on the disk nor in memory.
  func append(_ buffer: ByteBuffer) throws(StorageError) {
    try state.withLock { (state: inout sending State) throws(StorageError) in
      let offset = EntryHeader.byteCount + state.byteCount
      if !state.isInMemory, !PositionedIO.write(buffer, to: descriptor, at: offset) { try moveToMemory(&state) }
      if state.isInMemory {
        let isTaken = try memory.take(buffer.readableBytes) { () throws(StorageError) in
          guard PositionedIO.write(buffer, to: descriptor, at: offset) else { throw .system(path) }
        }
        guard isTaken else { throw outOfRoom }
      }
      state.digest.update(buffer)
      state.byteCount += buffer.readableBytes
    }
  }

  func buffer(at offset: Int, count: Int) throws(StorageError) -> ByteBuffer {
    try PositionedIO.read(descriptor, at: EntryHeader.byteCount + offset, count: count)
  }

  func bytes(at offset: Int, count: Int) throws -> [UInt8] { Array(try buffer(at: offset, count: count).readableBytesView) }

  /// Gives it its header, makes sure that it is on the disk, and then its name, under which it appears whole or not at all.
  func keep(header: [UInt8], as name: String) throws(StorageError) {
    guard isOnDisk else { throw StorageError("\(path): the disk is full") }
    guard PositionedIO.write(ByteBuffer(bytes: header), to: descriptor, at: 0), fsync(descriptor) == 0 else {
      throw .system(path)
    }
    try FolderAccess.make(FolderAccess.parent(of: name))
    guard unsafe rename(path, name) == 0 else { throw .system(name) }
    state.withLock { $0.isNamed = true }
    try FolderAccess.sync(FolderAccess.parent(of: name))
  }

  private var outOfRoom: StorageError {
    StorageError("\(path): the disk is full, and so is the memory that takes its place")
  }

  private func moveToMemory(_ state: inout State) throws(StorageError) {
    let count = state.byteCount
    guard try memory.take(count, for: { () throws(StorageError) in try copyToMemory(count) }) else { throw outOfRoom }
    _ = unsafe unlink(path)
    state.isInMemory = true
  }

  /// Under the same descriptor, so that whoever reads from it notices nothing.
  private func copyToMemory(_ byteCount: Int) throws(StorageError) {
    let file = unsafe csocket_memory_file("quicgw-module")
    guard file >= 0 else { throw .system(path) }
    defer { close(file) }
    for offset in stride(from: 0, to: byteCount, by: Self.pieceBytes) {
      let piece = try buffer(at: offset, count: min(Self.pieceBytes, byteCount - offset))
      guard PositionedIO.write(piece, to: file, at: EntryHeader.byteCount + offset) else { throw .system(path) }
    }
    guard csocket_replace_descriptor(file, descriptor) >= 0 else { throw .system(path) }
  }

  private static let pieceBytes = 1 << 20
}
