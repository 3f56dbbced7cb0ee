import NIOCore

/// Writes a ZIP archive whose entries are stored, not compressed (APPNOTE.TXT 6.3.10 §4.3); enough for module zips.
struct ZipArchive {
  private var archive = ByteBuffer()
  private var directory = ByteBuffer()
  private var entryCount: UInt16 = 0

  /// Adds a file.
  /// - Parameters:
  ///   - name: its path in the archive, with `/` between the parts, ASCII.
  ///   - content: less than 4 GiB.
  mutating func append(_ name: String, _ content: ByteBuffer) {
    let offset = UInt32(archive.writerIndex)
    let facts = Self.facts(
      checksum: CRC32.checksum(of: content), byteCount: UInt32(content.readableBytes), nameLength: UInt16(name.utf8.count))
    archive.writeInteger(Self.localFileHeader, endianness: .little)
    archive.writeInteger(Self.versionNeeded, endianness: .little)
    archive.writeImmutableBuffer(facts)
    archive.writeString(name)
    archive.writeImmutableBuffer(content)

    directory.writeInteger(Self.centralFileHeader, endianness: .little)
    directory.writeInteger(Self.madeBy, endianness: .little)
    directory.writeInteger(Self.versionNeeded, endianness: .little)
    directory.writeImmutableBuffer(facts)
    // Comment length, disk number, internal attributes; then the external ones: a regular file, 0644.
    directory.writeMultipleIntegers(UInt16(0), UInt16(0), UInt16(0), endianness: .little)
    directory.writeMultipleIntegers(Self.regularFile, offset, endianness: .little)
    directory.writeString(name)
    entryCount += 1
  }

  /// The archive with its directory.
  consuming func finish() -> ByteBuffer {
    let offset = UInt32(archive.writerIndex)
    archive.writeImmutableBuffer(directory)
    archive.writeInteger(Self.endOfDirectory, endianness: .little)
    archive.writeMultipleIntegers(UInt16(0), UInt16(0), entryCount, entryCount, endianness: .little)
    archive.writeMultipleIntegers(UInt32(directory.readableBytes), offset, UInt16(0), endianness: .little)
    return archive
  }

  /// What both headers of an entry say alike: flags, method, time, checksum, sizes and the lengths of name and extra field.
  private static func facts(checksum: UInt32, byteCount: UInt32, nameLength: UInt16) -> ByteBuffer {
    var facts = ByteBuffer()
    facts.writeMultipleIntegers(UInt16(0), stored, UInt16(0), firstDayOfDOS, endianness: .little)
    facts.writeMultipleIntegers(checksum, byteCount, byteCount, endianness: .little)
    facts.writeMultipleIntegers(nameLength, UInt16(0), endianness: .little)
    return facts
  }

  private static let localFileHeader: UInt32 = 0x0403_4b50
  private static let centralFileHeader: UInt32 = 0x0201_4b50
  private static let endOfDirectory: UInt32 = 0x0605_4b50
  private static let versionNeeded: UInt16 = 20
  /// Version 2.0 on Unix, which gives the external attributes their meaning.
  private static let madeBy: UInt16 = 0x0314
  private static let stored: UInt16 = 0
  /// 1980-01-01, so that equal files make equal archives.
  private static let firstDayOfDOS: UInt16 = 0x0021
  private static let regularFile: UInt32 = 0o100_644 << 16
}

/// CRC-32 as ZIP uses it (polynomial 0x04C11DB7, reflected).
enum CRC32 {
  static func checksum(of content: ByteBuffer) -> UInt32 {
    ~content.readableBytesView.reduce(~0) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ (value >> 1) : value >> 1 }
  }
}
