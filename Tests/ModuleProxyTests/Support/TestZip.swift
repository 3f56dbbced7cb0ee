@testable import ModuleProxy

/// Zips with stored files, right unless a test wants them otherwise.
struct TestZip {
  var files: [(name: String, content: [UInt8])]
  /// Said in place of the true sizes and checksums.
  var claimedBytes: UInt32?
  var claimedChecksum: UInt32?
  /// Whether the content of the first file is there once, for all of them.
  var sharesContent = false

  init(_ files: [(String, String)]) { self.files = files.map { ($0.0, Array($0.1.utf8)) } }

  static let module = ModulePath("example.test/greeting")!
  static let version = ModuleVersion("v1.2.3")!

  /// A zip of the module above.
  static func of(_ files: [(String, String)]) -> TestZip {
    TestZip(files.map { ("example.test/greeting@v1.2.3/\($0.0)", $0.1) })
  }

  static let good = TestZip.of([("go.mod", "module example.test/greeting\n"), ("greeting.go", "package greeting\n")])

  var bytes: [UInt8] {
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for file in files {
      let isThere = sharesContent && !archive.isEmpty
      let offset = isThere ? 0 : UInt32(archive.count)
      let size = UInt32(file.content.count)
      let checksum = claimedChecksum ?? ZipChecksum.updated(0, with: file.content[...])
      let facts = half(0) + half(0) + half(0) + half(0x21) + word(checksum) + word(size) + word(claimedBytes ?? size)
      if !isThere {
        archive += word(0x0403_4b50) + half(20) + facts + half(UInt16(file.name.utf8.count)) + half(0)
        archive += Array(file.name.utf8) + file.content
      }
      directory += word(0x0201_4b50) + half(20) + half(20) + facts + half(UInt16(file.name.utf8.count)) + half(0)
      directory += half(0) + half(0) + half(0) + word(0) + word(offset) + Array(file.name.utf8)
    }
    let count = UInt16(files.count)
    return archive + directory + word(0x0605_4b50) + half(0) + half(0) + half(count) + half(count) + word(UInt32(directory.count))
      + word(UInt32(archive.count)) + half(0)
  }

  private func half(_ value: UInt16) -> [UInt8] { [UInt8(truncatingIfNeeded: value), UInt8(value >> 8)] }
  private func word(_ value: UInt32) -> [UInt8] { half(UInt16(truncatingIfNeeded: value)) + half(UInt16(value >> 16)) }
}

extension [UInt8]: RandomAccessBytes {
  public var byteCount: Int { count }

  public func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    guard offset >= 0, count >= 0, offset + count <= self.count else { throw ModuleZipError("it is too short") }
    return Array(self[offset..<offset + count])
  }
}
