/// Bytes that can be read at any place: an open file, or an array in tests. Reading may wait for a disk.
protocol RandomAccessBytes {
  var byteCount: Int { get }
  /// - Throws: when fewer than `count` bytes are there.
  func bytes(at offset: Int, count: Int) throws -> [UInt8]
}

/// Why an archive is no module zip, in words.
struct ModuleZipError: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The central directory of a zip archive (APPNOTE.TXT 6.3.10 §4.3.12), read with everything checked that later steps rely on.
struct ZipDirectory {
  struct Entry {
    let name: [UInt8]
    let isStored: Bool
    let checksum: UInt32
    let compressedBytes: Int
    let bytes: Int
    fileprivate let headerOffset: Int
  }

  let entries: [Entry]

  init(_ archive: some RandomAccessBytes) throws {
    let end = try EndRecord(archive)
    let directory = LittleEndianBytes(try archive.bytes(at: end.directoryOffset, count: end.directoryBytes))
    var entries: [Entry] = []
    entries.reserveCapacity(min(end.entryCount, end.directoryBytes / Self.headerBytes))
    var position = 0
    var occupied = 0
    for _ in 0..<end.entryCount {
      guard let entry = Self.entry(in: directory, at: &position) else { throw ModuleZipError("its directory is damaged") }
      guard entry.headerOffset + Self.localHeaderBytes + entry.compressedBytes <= archive.byteCount else {
        throw ModuleZipError("its directory points behind its end")
      }
      entries.append(entry)
      // Files that share their content would make a small archive as much work as its directory likes.
      occupied += Self.localHeaderBytes + entry.name.count + entry.compressedBytes
      guard occupied <= archive.byteCount else { throw ModuleZipError("files in it overlap") }
    }
    // The go command reads entries for as long as there are some: it must not find more files than are looked at here.
    guard position == directory.count else { throw ModuleZipError("its directory has more than the files that it counts") }
    self.entries = entries
  }

  /// Where the content of an entry begins: behind its local header, whose fields beside the lengths nobody looks at.
  static func contentOffset(of entry: Entry, in archive: some RandomAccessBytes) throws -> Int {
    let header = LittleEndianBytes(try archive.bytes(at: entry.headerOffset, count: localHeaderBytes))
    guard header.word(at: 0) == 0x0403_4b50 else { throw ModuleZipError("a file in it has no header") }
    let offset = entry.headerOffset + localHeaderBytes + Int(header.half(at: 26)) + Int(header.half(at: 28))
    guard offset + entry.compressedBytes <= archive.byteCount else { throw ModuleZipError("a file in it ends behind its end") }
    return offset
  }

  private static func entry(in directory: LittleEndianBytes, at position: inout Int) -> Entry? {
    guard position + headerBytes <= directory.count, directory.word(at: position) == 0x0201_4b50 else { return nil }
    let start = position
    let nameBytes = Int(directory.half(at: start + 28))
    let nameStart = start + headerBytes
    position = nameStart + nameBytes + Int(directory.half(at: start + 30)) + Int(directory.half(at: start + 32))
    let method = directory.half(at: start + 10)
    // Encrypted files, other methods and sizes that need more than 32 bits have no place in a module.
    let isEncrypted = directory.half(at: start + 8) & 1 == 1
    let sizes = (directory.word(at: start + 20), directory.word(at: start + 24), directory.word(at: start + 42))
    guard position <= directory.count, !isEncrypted, method == 0 || method == 8,
      sizes.0 != .max, sizes.1 != .max, sizes.2 != .max
    else { return nil }
    return Entry(
      name: directory.slice(nameStart..<nameStart + nameBytes), isStored: method == 0, checksum: directory.word(at: start + 16),
      compressedBytes: Int(sizes.0), bytes: Int(sizes.1), headerOffset: Int(sizes.2))
  }

  private static let headerBytes = 46
  private static let localHeaderBytes = 30
}

/// The record at the end of an archive that says where its directory is (§4.3.16), with zip64's (§4.3.14) for many entries.
private struct EndRecord {
  let entryCount: Int
  let directoryOffset: Int
  let directoryBytes: Int

  init(_ archive: some RandomAccessBytes) throws {
    let tailBytes = min(archive.byteCount, Self.bytes + Int(UInt16.max))
    let tailStart = archive.byteCount - tailBytes
    let tail = LittleEndianBytes(try archive.bytes(at: tailStart, count: tailBytes))
    var position = tailBytes - Self.bytes
    while position >= 0, tail.word(at: position) != 0x0605_4b50 { position -= 1 }
    guard position >= 0 else { throw ModuleZipError("it has no directory of its files") }
    // The go command takes the last record, and gives up where its comment would end behind the archive.
    let commentBytes = Int(tail.half(at: position + 20))
    guard position + Self.bytes + commentBytes <= tailBytes else { throw ModuleZipError("its comment breaks off") }
    var directoryEnd = tailStart + position
    var (count, bytes, offset) = (
      Int(tail.half(at: position + 10)), Int(tail.word(at: position + 12)), Int(tail.word(at: position + 16))
    )
    let isLarge = count == UInt16.max || bytes == UInt32.max || offset == UInt32.max
    if isLarge, position >= 20, tail.word(at: position - 20) == 0x0706_4b50 {
      let place = tail.long(at: position - 12)
      guard place <= UInt64(archive.byteCount) else { throw ModuleZipError("its directory is behind its end") }
      let record = LittleEndianBytes(try archive.bytes(at: Int(place), count: 56))
      let values = (record.long(at: 32), record.long(at: 40), record.long(at: 48))
      guard record.word(at: 0) == 0x0606_4b50, values.0 <= 1 << 24, values.1 <= 1 << 31, values.2 <= 1 << 31 else {
        throw ModuleZipError("its directory is damaged")
      }
      (count, bytes, offset) = (Int(values.0), Int(values.1), Int(values.2))
      directoryEnd = Int(place)
    }
    // What is said here decides how much is read at once.
    guard bytes <= Self.directoryLimit, count <= Self.entryLimit else {
      throw ModuleZipError("its directory has more than 64 MiB or 200 000 files")
    }
    // Some readers go by where the directory begins and some by where it ends: both must find the same one.
    guard offset + bytes == directoryEnd else { throw ModuleZipError("its directory is not where its end says") }
    (entryCount, directoryOffset, directoryBytes) = (count, offset, bytes)
  }

  private static let bytes = 22
  private static let directoryLimit = 64 << 20
  private static let entryLimit = 200_000
}

/// Numbers of the zip format out of an array.
private struct LittleEndianBytes {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var count: Int { bytes.count }

  func slice(_ range: Range<Int>) -> [UInt8] { Array(bytes[range]) }
  func half(at offset: Int) -> UInt16 { UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8 }
  func word(at offset: Int) -> UInt32 { UInt32(half(at: offset)) | UInt32(half(at: offset + 2)) << 16 }
  func long(at offset: Int) -> UInt64 { UInt64(word(at: offset)) | UInt64(word(at: offset + 4)) << 32 }
}
