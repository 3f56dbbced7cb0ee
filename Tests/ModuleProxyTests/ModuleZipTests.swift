import HTTPMessage
import LinkEmulator
@testable import ModuleProxy
import Testing

@Suite struct ModuleZipTests {
  /// The end of an archive of zeros, in zip64's form.
  @Test(arguments: [(200_001, 4096), (10, 64 << 20 + 1)])
  func aDirectoryThatIsTooLargeIsNotRead(_ count: Int, _ bytes: Int) {
    struct Archive: RandomAccessBytes {
      let end: [UInt8]
      var byteCount: Int { 100 << 20 }
      func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        guard count < 1 << 20 else { throw ModuleZipError("it was read") }
        return (offset..<offset + count).map { $0 >= byteCount - end.count ? end[$0 - byteCount + end.count] : 0 }
      }
    }
    func number(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let record = number(0x0606_4b50, 4) + number(44, 8) + [UInt8](repeating: 0, count: 12) + number(count, 8) + number(count, 8)
    let place = (100 << 20) - 22 - 20 - 56
    var end = record + number(bytes, 8) + number(0, 8)
    end += number(0x0706_4b50, 4) + number(0, 4) + number(place, 8) + number(1, 4)
    end += number(0x0605_4b50, 4) + number(0, 4) + number(0xffff, 2) + number(0xffff, 2) + number(0xffff_ffff, 4) + number(0xffff_ffff, 4)
    end += number(0, 2)
    #expect(throws: ModuleZipError("its directory has more than 64 MiB or 200 000 files")) {
      try ModuleZip.hash(Archive(end: end), module: TestZip.module, version: TestZip.version)
    }
  }

  private func hash(_ zip: TestZip) throws -> String {
    try ModuleZip.hash(zip.bytes, module: TestZip.module, version: TestZip.version)
  }

  /// The expected value is what `golang.org/x/mod/sumdb/dirhash.HashZip` says of the same files.
  @Test func hashIsThatOfGoSum() throws {
    #expect(try hash(.good) == "h1:3lxpwxV/WXWO789x4N9ghU7nFHPHZeHNGOm7kh4NpKA=")
    #expect(ModuleHash.h1(goMod: "module example.test/greeting\n".utf8) == "h1:bTNIhp2xHzY6QxH+Pzr8PmuR0+fssjXg+5Jgv73ki/Y=")
  }

  @Test func filesMayBeCompressed() throws {
    let bytes = try #require(Base64.bytes(Self.deflated))
    #expect(try ModuleZip.hash(bytes, module: TestZip.module, version: TestZip.version) == hash(.good))
  }

  @Test(arguments: [
    [("../../etc/passwd", "")], [("a/../b", "")], [("/abs", "")], [("a//b", "")], [("a\\b", "")], [("a:b", "")], [("x\u{0}", "")],
    [("dir./x", "")], [("con.txt", "")], [("a\nb", "")], [("README", ""), ("readme", "")], [("sub/go.mod", "")], [("GO.MOD", "")],
    [("a", ""), ("a", "")], [("a", ""), ("a/b", "")], [("a/b", ""), ("a", "")], [("a/", ""), ("a", "")], [("A/b", ""), ("a/c", "")],
  ])
  func namesThatMayNotBe(_ files: [(String, String)]) { #expect(throws: ModuleZipError.self) { try hash(.of(files)) } }

  /// What `dirhash.HashZip` says of an archive with folders: they count as empty files.
  @Test func foldersMayBe() throws {
    let files = [("", ""), ("go.mod", "module example.test/greeting\n"), ("sub/", ""), ("sub/", ""), ("sub/a.go", "package sub\n")]
    _ = try hash(.of(files))
    #expect(try hash(.of(files)) != hash(.of(files.filter { !$0.0.hasSuffix("/") })))
  }

  /// Two readers of one archive must not see different files in it.
  @Test func thereIsOneDirectoryAndItEndsTheArchive() throws {
    let whole = TestZip.good.bytes
    let end = whole.count - 22
    func changed(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
      var bytes = whole
      change(&bytes)
      return bytes
    }
    let comment = changed { $0[end + 20] = 3; $0 += [1, 2, 3] }
    #expect(try ModuleZip.hash(comment, module: TestZip.module, version: TestZip.version) == hash(.good))
    let wrong = [
      changed { $0[end + 20] = 4; $0 += [1, 2, 3] },
      changed { $0[end + 10] -= 1 },
      changed { $0.insert(0, at: end) },
      [0] + whole,
    ]
    for bytes in wrong {
      #expect(throws: ModuleZipError.self) { try ModuleZip.hash(bytes, module: TestZip.module, version: TestZip.version) }
    }
  }

  @Test func filesOfOtherModulesMayNotBe() {
    #expect(throws: ModuleZipError.self) { try hash(TestZip([("example.test/other@v1.2.3/go.mod", "")])) }
    #expect(throws: ModuleZipError.self) { try hash(TestZip([("example.test/greeting@v1.2.4/go.mod", "")])) }
  }

  @Test func sizesAndChecksumsMustBeTrue() {
    var zip = TestZip.good
    zip.claimedChecksum = 1
    #expect(throws: ModuleZipError.self) { try hash(zip) }
    zip = .good
    zip.claimedBytes = 5
    #expect(throws: ModuleZipError.self) { try hash(zip) }
    zip.claimedBytes = 600 << 20
    #expect(throws: ModuleZipError("its files have more than 500 MiB")) { try hash(zip) }
  }

  /// Else reading a small archive would be as much work as its directory likes.
  @Test func filesMayNotOverlap() throws {
    var zip = TestZip.of((10..<90).map { ("f\($0)", String(repeating: "x", count: 1000)) })
    _ = try hash(zip)
    zip.sharesContent = true
    #expect(throws: ModuleZipError("files in it overlap")) { try hash(zip) }
  }

  @Test func whatIsNoArchiveIsRefused() {
    #expect(throws: ModuleZipError.self) { try ModuleZip.hash([UInt8](), module: TestZip.module, version: TestZip.version) }
    #expect(throws: ModuleZipError.self) {
      try ModuleZip.hash([UInt8](repeating: 0x50, count: 100_000), module: TestZip.module, version: TestZip.version)
    }
    let whole = TestZip.good.bytes
    for count in 0..<whole.count {
      #expect(throws: (any Error).self) { try ModuleZip.hash(Array(whole[..<count]), module: TestZip.module, version: TestZip.version) }
    }
  }

  /// Whatever is changed nothing traps; and what is in a file cannot change unnoticed.
  @Test func changedArchivesAreReadWithoutHarm() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    let deflated = try #require(Base64.bytes(Self.deflated))
    for whole in [TestZip.good.bytes, deflated] {
      for _ in 0..<3_000 {
        var changed = whole
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        _ = try? ModuleZip.hash(changed, module: TestZip.module, version: TestZip.version)
      }
    }
    let whole = TestZip.good.bytes
    let content = try #require(whole.firstRange(of: Array("package greeting".utf8)))
    for _ in 0..<300 {
      var changed = whole
      changed[Int.random(in: content, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
      #expect(throws: ModuleZipError.self, "seed \(seed)") {
        try ModuleZip.hash(changed, module: TestZip.module, version: TestZip.version)
      }
    }
  }

  private static let deflated = 
    "UEsDBBQAAAAIAAAAIQApbhITHwAAAB0AAAAjAAAAZXhhbXBsZS50ZXN0L2dyZWV0aW5nQHYxLjIuMy9nby5tb2TLzU8pzUlVSK1I"
    + "zC3ISdUrSS0u0U8vSk0tycxL5wIAUEsDBBQAAAAIAAAAIQCJjDneEwAAABEAAAAoAAAAZXhhbXBsZS50ZXN0L2dyZWV0aW5nQHYx"
    + "LjIuMy9ncmVldGluZy5nbytITM5OTE9VSC9KTS3JzEvnAgBQSwECFAMUAAAACAAAACEAKW4SEx8AAAAdAAAAIwAAAAAAAAAAAAAA"
    + "gAEAAAAAZXhhbXBsZS50ZXN0L2dyZWV0aW5nQHYxLjIuMy9nby5tb2RQSwECFAMUAAAACAAAACEAiYw53hMAAAARAAAAKAAAAAAA"
    + "AAAAAAAAgAFgAAAAZXhhbXBsZS50ZXN0L2dyZWV0aW5nQHYxLjIuMy9ncmVldGluZy5nb1BLBQYAAAAAAgACAKcAAAC5AAAAAAA="
}
