import Crypto

/// What a person looks at, checks and carries away; nothing of it is used to serve.
extension ModuleStore {
  /// What the header of an entry says.
  public struct EntryFacts: Sendable {
    public let byteCount: Int
    public let fetchedAt: Int64
    /// What a checksum database has recorded of it.
    public let recordedHash: String?
  }

  /// - Returns: nil for a file that is no whole entry of that key.
  public func facts(of key: String) throws -> EntryFacts? {
    guard let (header, _) = try entry(key) else { return nil }
    return EntryFacts(byteCount: header.byteCount, fetchedAt: header.fetchedAt, recordedHash: header.recordedHash)
  }

  /// Whether an entry is what it was when it came; reads all of it.
  public func isSound(_ key: String) throws -> Bool {
    guard let (header, content) = try entry(key) else { return false }
    var digest = SHA256()
    try Self.pieces(of: content) { digest.update(data: $0) }
    return digest.finalize().elementsEqual(header.digest)
  }

  /// Removes a file, whatever it is.
  public func discard(_ key: String) { remove(key) }

  /// Writes an entry as one run of bytes.
  /// - Returns: false if it is no whole entry, and nothing was written.
  public func export(_ key: String, write: ([UInt8]) throws -> Void) throws -> Bool {
    guard try isSound(key), let (header, content) = try entry(key), let encoded = header.encoded() else { return false }
    try write(encoded)
    try Self.pieces(of: content, write)
    return true
  }

  /// Takes an entry out of what `export` has written, if it is sound and its key is one of the protocol's.
  /// - Parameters:
  ///   - head: the first `exportedHeadBytes` of the entry.
  ///   - read: gives exactly so many of the bytes that follow.
  /// - Returns: its key.
  /// - Throws: `StorageError` for anything else.
  public func take(head: [UInt8], read: (Int) throws -> [UInt8]) throws -> String {
    guard let header = EntryHeader(head), ModuleResource(path: Array("/\(header.key)".utf8)[...]) != nil else {
      throw StorageError("an entry of the file is damaged")
    }
    let file = try begin()
    var rest = header.byteCount
    while rest > 0 {
      let piece = try read(min(rest, Self.carriedBytes))
      guard !piece.isEmpty else { throw StorageError("the file ends early") }
      try file.append(.init(bytes: piece))
      rest -= piece.count
    }
    guard file.digest == header.digest else { throw StorageError("\(header.key): what the file holds is damaged") }
    try keep(file, header)
    return header.key
  }

  public static let exportedHeadBytes = EntryHeader.byteCount

  private func entry(_ key: String) throws -> (EntryHeader, ContentFile)? {
    guard let (descriptor, fingerprint, _) = try FolderAccess.open("\(folder)/\(key)") else { return nil }
    let content = ContentFile(descriptor: descriptor, byteCount: max(0, fingerprint.byteCount - EntryHeader.byteCount))
    guard let head = try? PositionedIO.read(descriptor, at: 0, count: EntryHeader.byteCount),
      let header = EntryHeader(Array(head.readableBytesView)), header.key == key, header.byteCount == content.byteCount
    else { return nil }
    return (header, content)
  }

  private static func pieces(of content: ContentFile, _ visit: ([UInt8]) throws -> Void) throws {
    for offset in stride(from: 0, to: content.byteCount, by: carriedBytes) {
      try visit(content.bytes(at: offset, count: min(carriedBytes, content.byteCount - offset)))
    }
  }

  private static let carriedBytes = 1 << 20
}
