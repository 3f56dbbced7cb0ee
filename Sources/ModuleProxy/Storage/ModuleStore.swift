import Crypto
import NIOCore
import Synchronization

/// The cache's folder: one file for each entry, under the name that the protocol gives it.
///
/// Every call may wait for a disk and is made on a thread that may. Files are the index, so nothing is rebuilt at a start, and a
/// crash leaves whole entries and files that nobody has named yet.
public final class ModuleStore: Sendable {
  public let folder: String
  private let lock: FolderLock?
  private let memory: MemoryAllowance
  private let state = Mutex(State())

  private struct State {
    /// Content that was found to be right, by the file's name.
    var known: [String: FileFingerprint] = [:]
    var damagedCount = 0
    /// Bytes on the disk; counted when asked for the first time.
    var byteCount: Int?
  }

  /// An entry as it was found.
  struct Found: Sendable {
    let header: EntryHeader
    let content: ContentFile
  }

  /// - Parameters:
  ///   - folder: made if it is not there.
  ///   - isOwner: whether this process serves from it; at most one does. Others may look and tidy up.
  public convenience init(folder: String, isOwner: Bool = true) throws(StorageError) {
    try self.init(folder: folder, isOwner: isOwner, memoryInPlaceOfDisk: 256 << 20)
  }

  /// - Parameter memoryInPlaceOfDisk: bytes of files under way that may be in memory while the disk is full.
  init(folder: String, isOwner: Bool = true, memoryInPlaceOfDisk: Int) throws(StorageError) {
    self.folder = folder
    memory = MemoryAllowance(memoryInPlaceOfDisk)
    try FolderAccess.make("\(folder)/\(Self.incoming)")
    lock = isOwner ? try FolderLock("\(folder)/.lock") : nil
    guard isOwner else { return }
    var left: [String] = []
    FolderAccess.walk("\(folder)/\(Self.incoming)") { left.append($0.name) }
    for name in left { FolderAccess.remove("\(folder)/\(Self.incoming)/\(name)") }
  }

  /// Finds an entry. Content is held against its hash when it is first used in this process, and again when its file has changed;
  /// a file that is not what it was is removed.
  ///
  /// - Returns: nil if there is none.
  func find(_ key: String, unixTime: Int64) throws -> Found? {
    let path = path(of: key)
    guard let (descriptor, fingerprint, usedAt) = try FolderAccess.open(path) else { return nil }
    let file = ContentFile(descriptor: descriptor, byteCount: max(0, fingerprint.byteCount - EntryHeader.byteCount))
    let head = try? PositionedIO.read(descriptor, at: 0, count: EntryHeader.byteCount)
    guard let header = head.flatMap({ EntryHeader(Array($0.readableBytesView)) }),
      header.key == key, header.byteCount == file.byteCount,
      try isKnown(path, fingerprint) || Self.digest(of: file) == header.digest
    else {
      remove(key)
      state.withLock { $0.damagedCount += 1 }
      return nil
    }
    state.withLock { state in
      if state.known.count > Self.rememberedFiles { state.known.removeAll() }
      state.known[path] = fingerprint
    }
    if unixTime - usedAt > Self.useGranularity { FolderAccess.use(path, at: unixTime) }
    return Found(header: header, content: file)
  }

  /// Marks an entry as used whose content somebody has in memory.
  /// - Returns: false if it is not there any more.
  func use(_ key: String, unixTime: Int64) -> Bool { FolderAccess.use(path(of: key), at: unixTime) }

  /// Files that were removed because their content was not what it was, since the last call.
  func takeDamagedCount() -> Int {
    state.withLock { state in
      defer { state.damagedCount = 0 }
      return state.damagedCount
    }
  }

  /// Begins an entry.
  func begin() throws(StorageError) -> IncomingFile {
    // Another process may bring entries into the same folder.
    try IncomingFile(path: "\(folder)/\(Self.incoming)/\(UInt64.random(in: .min ... .max))", memory: memory)
  }

  /// Makes what has come an entry, in place of one with the same key.
  func keep(_ file: IncomingFile, _ header: EntryHeader) throws(StorageError) {
    guard let encoded = header.encoded() else { throw StorageError("\(header.key): the name is too long to be kept") }
    let path = path(of: header.key)
    let replaced = FolderAccess.usedBytes(path)
    try file.keep(header: encoded, as: path)
    let added = FolderAccess.usedBytes(path) - replaced
    state.withLock { $0.byteCount = $0.byteCount.map { max(0, $0 + added) } }
  }

  func keep(_ content: ByteBuffer, _ header: EntryHeader) throws(StorageError) {
    let file = try begin()
    try file.append(content)
    try keep(file, header)
  }

  func remove(_ key: String) {
    let path = path(of: key)
    let removed = FolderAccess.usedBytes(path)
    FolderAccess.remove(path)
    state.withLock { $0.byteCount = $0.byteCount.map { max(0, $0 - removed) } }
  }

  /// Bytes that the entries take on the disk.
  /// - Parameter counting: whether they are counted anew; else what other processes have brought and taken is left out.
  public func usedBytes(counting: Bool = false) -> Int {
    if !counting, let known = state.withLock({ $0.byteCount }) { return known }
    var count = 0
    FolderAccess.walk(folder) { count += $0.byteCount }
    return state.withLock { state in
      state.byteCount = count
      return count
    }
  }

  /// Removes what has not been used for the longest time.
  /// - Parameters:
  ///   - quota: bytes that may stay.
  ///   - oldest: what was not used since, in seconds of Unix time, goes in any case.
  ///   - sparing: keys that are being read.
  public func evict(quota: Int, oldest: Int64, sparing: Set<String> = []) -> Eviction {
    var files: [FolderAccess.Found] = []
    FolderAccess.walk(folder) { files.append($0) }
    let plan = EvictionPlan(files: files, quota: quota, oldest: oldest, sparing: sparing)
    for file in plan.leaving {
      let path = "\(folder)/\(file.name)"
      FolderAccess.remove(path)
      FolderAccess.removeEmpty(FolderAccess.parent(of: path), below: folder)
    }
    state.withLock { $0.byteCount = plan.stayingBytes }
    return Eviction(entryCount: plan.leaving.count, byteCount: plan.leaving.reduce(0) { $0 + $1.byteCount })
  }

  /// All entries by key, with the bytes that they take and when they were last used.
  public func entries() -> [(key: String, byteCount: Int, usedAt: Int64)] {
    var entries: [(key: String, byteCount: Int, usedAt: Int64)] = []
    FolderAccess.walk(folder) { entries.append(($0.name, $0.byteCount, $0.usedAt)) }
    return entries.sorted { $0.key < $1.key }
  }

  private func isKnown(_ path: String, _ fingerprint: FileFingerprint) -> Bool {
    state.withLock { $0.known[path] == fingerprint }
  }

  private func path(of key: String) -> String { "\(folder)/\(key)" }

  private static func digest(of file: ContentFile) throws -> [UInt8] {
    var digest = SHA256()
    for offset in stride(from: 0, to: file.byteCount, by: pieceBytes) {
      digest.update(try file.buffer(at: offset, count: min(pieceBytes, file.byteCount - offset)))
    }
    return Array(digest.finalize())
  }

  private static let incoming = ".incoming"
  private static let pieceBytes = 1 << 20
  private static let rememberedFiles = 100_000
  /// Uses within so many seconds are one.
  static let useGranularity: Int64 = 600
}

/// What was removed to make room.
public struct Eviction: Sendable, Equatable {
  public let entryCount: Int
  public let byteCount: Int
}
