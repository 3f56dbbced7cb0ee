import Crypto

/// A module's zip: what the go command demands of one (`golang.org/x/mod/zip.CheckZip`), and the hash that checksum databases and
/// go.sum know it by.
enum ModuleZip {
  /// Reads a whole archive; takes as long as reading and inflating it does.
  /// - Returns: `h1:…` (`golang.org/x/mod/sumdb/dirhash.Hash1`).
  /// - Throws: `ModuleZipError` when it is not a well-formed zip of that module and version.
  static func hash(_ archive: some RandomAccessBytes, module: ModulePath, version: ModuleVersion) throws -> String {
    guard archive.byteCount <= byteLimit else { throw ModuleZipError("it has more than 500 MiB") }
    let entries = try ZipDirectory(archive).entries
    try check(entries, prefix: "\(module.text)@\(version.text)/")
    var lines: [(name: [UInt8], digest: [UInt8])] = []
    lines.reserveCapacity(entries.count)
    for entry in entries { lines.append((entry.name, try digest(of: entry, in: archive))) }
    return ModuleHash.h1(lines)
  }

  private static func check(_ entries: [ZipDirectory.Entry], prefix: String) throws {
    let prefix = Array(prefix.utf8)
    var names = ZipNames()
    var total = 0
    for entry in entries {
      guard entry.name.starts(with: prefix) else {
        throw ModuleZipError("a file in it is outside \(String(decoding: prefix, as: UTF8.self))")
      }
      total += entry.bytes
      guard total <= byteLimit else { throw ModuleZipError("its files have more than 500 MiB") }
      var name = entry.name[prefix.count...]
      // The module's own folder.
      if name.isEmpty { continue }
      let isFolder = name.last == UInt8(ascii: "/")
      if isFolder { name = name.dropLast() }
      guard let path = ZipFilePath(name) else {
        throw ModuleZipError("the name of a file in it is not allowed: \(String(decoding: name.prefix(100), as: UTF8.self))")
      }
      try names.add(path.text, isFolder: isFolder)
      if !isFolder { try check(path.text, bytes: entry.bytes) }
    }
  }

  private static func check(_ path: String, bytes: Int) throws {
    if path.split(separator: "/").last?.lowercased() == "go.mod" {
      guard path == "go.mod" else { throw ModuleZipError("a go.mod in it is not in the root folder or not in small letters") }
    }
    guard bytes <= rootFileLimit || path != "go.mod" && path != "LICENSE" else {
      throw ModuleZipError("its \(path) has more than 16 MiB")
    }
  }

  private static func digest(of entry: ZipDirectory.Entry, in archive: some RandomAccessBytes) throws -> [UInt8] {
    var content = EntryContent(entry)
    var inflater = Inflater()
    var offset = try ZipDirectory.contentOffset(of: entry, in: archive)
    let end = offset + entry.compressedBytes
    var isAtEnd = entry.isStored || entry.compressedBytes == 0 && entry.bytes == 0
    while offset < end {
      let piece = try archive.bytes(at: offset, count: min(pieceBytes, end - offset))
      offset += piece.count
      if entry.isStored {
        try content.take(piece[...])
      } else {
        isAtEnd = try inflater.inflate(piece) { try content.take($0) }
        if isAtEnd { break }
      }
    }
    guard isAtEnd else { throw ModuleZipError("a file in it breaks off") }
    return try content.finish()
  }

  /// `golang.org/x/mod/zip.MaxZipFile`, of the archive as of what is in it.
  private static let byteLimit = 500 << 20
  private static let rootFileLimit = 16 << 20
  private static let pieceBytes = 128 * 1024
}

/// The content of one file of an archive as it is inflated; never more of it than its directory says.
private struct EntryContent {
  private let entry: ZipDirectory.Entry
  private var sha = SHA256()
  private var checksum: UInt32 = 0
  private var bytes = 0

  init(_ entry: ZipDirectory.Entry) { self.entry = entry }

  mutating func take(_ piece: ArraySlice<UInt8>) throws {
    bytes += piece.count
    guard bytes <= entry.bytes else { throw ModuleZipError("a file in it has more bytes than its directory says") }
    sha.update(data: piece)
    checksum = ZipChecksum.updated(checksum, with: piece)
  }

  consuming func finish() throws -> [UInt8] {
    guard bytes == entry.bytes, checksum == entry.checksum else { throw ModuleZipError("a file in it is damaged") }
    return Array(sha.finalize())
  }
}
