import Crypto
import HTTPMessage
@testable import ModuleProxy
import Testing

/// A log of records built the slow way (RFC 6962 §2.1), with a key of its own.
struct TestDatabase {
  let records: [String]
  private let signer = Curve25519.Signing.PrivateKey()
  private let name = "sum.example.test"

  var key: VerifierKey {
    let material = [1] + Array(signer.publicKey.rawRepresentation)
    return VerifierKey("\(name)+\(Hexadecimal.text(hash))+\(Base64.text(material))")!
  }

  private var hash: [UInt8] {
    Array(SHA256.hash(data: Array("\(name)\n".utf8) + [1] + Array(signer.publicKey.rawRepresentation)).prefix(4))
  }

  private func leaf(_ index: Int) -> [UInt8] { Array(SHA256.hash(data: [0] + Array(records[index].utf8))) }

  func root(of range: Range<Int>) -> [UInt8] {
    guard range.count > 1 else { return leaf(range.lowerBound) }
    var half = 1
    while half * 2 < range.count { half *= 2 }
    let middle = range.lowerBound + half
    return Array(SHA256.hash(data: [1] + root(of: range.lowerBound..<middle) + root(of: middle..<range.upperBound)))
  }

  func content(of tile: Tile) -> [UInt8] {
    (0..<tile.width).flatMap { offset in
      let span = 1 << (8 * tile.level)
      let start = (tile.index << 8 + offset) * span
      return root(of: start..<start + span)
    }
  }

  func lookup(_ index: Int) throws -> String {
    let text = "go.sum database tree\n\(records.count)\n\(Base64.text(root(of: 0..<records.count)))\n"
    let signature = hash + Array(try signer.signature(for: Array(text.utf8)))
    return "\(index)\n\(records[index])\n\(text)\n\u{2014} \(name) \(Base64.text(signature))\n"
  }
}

@Suite struct ChecksumTests {
  private static func records(_ count: Int) -> [String] {
    (0..<count).map { "example.test/m\($0) v1.0.0 h1:zip\($0)=\nexample.test/m\($0) v1.0.0/go.mod h1:mod\($0)=\n" }
  }

  @Test func everyRecordOfTreesOfManySizesIsProved() throws {
    for size in [1, 2, 3, 7, 8, 255, 256, 257, 300, 700] {
      let database = TestDatabase(records: Self.records(size))
      let root = database.root(of: 0..<size)
      for index in Set([0, 1, size / 3, size / 2, size - 2, size - 1]) where (0..<size).contains(index) {
        let proof = try #require(TreeProof(index: index, treeSize: size))
        let tiles = Dictionary(uniqueKeysWithValues: proof.tiles.map { ($0, database.content(of: $0)) })
        #expect(proof.root(record: database.records[index].utf8) { tiles[$0] } == root, "\(index) of \(size)")
        #expect(proof.root(record: "another".utf8) { tiles[$0] } != root)
        for tile in proof.tiles {
          var wrong = tiles
          wrong[tile] = [UInt8](repeating: 7, count: tile.width * 32)
          #expect(proof.root(record: database.records[index].utf8) { wrong[$0] } != root)
          wrong[tile] = nil
          #expect(proof.root(record: database.records[index].utf8) { wrong[$0] } == nil)
        }
      }
    }
  }

  @Test func tilesHaveTheirPaths() {
    #expect(Tile(level: 0, index: 0, treeSize: 17).path == "tile/8/0/000.p/17")
    #expect(Tile(level: 0, index: 1_234_067, treeSize: 1 << 40).path == "tile/8/0/x001/x234/067")
    #expect(Tile(level: 1, index: 0, treeSize: 600).path == "tile/8/1/000.p/2")
  }

  @Test func recordsAreReadWhenTheyAreSigned() throws {
    let database = TestDatabase(records: Self.records(5))
    let answer = try database.lookup(3)
    let record = try #require(DatabaseRecord(Array(answer.utf8), key: database.key))
    let module = try #require(ModulePath("example.test/m3"))
    let version = try #require(ModuleVersion("v1.0.0"))
    #expect(record.hash(module, version, goMod: false) == "h1:zip3=")
    #expect(record.hash(module, version, goMod: true) == "h1:mod3=")
    #expect(record.root == database.root(of: 0..<5))
    #expect(DatabaseRecord(Array(answer.utf8), key: TestDatabase(records: []).key) == nil)
    #expect(DatabaseRecord(Array(answer.replacing("tree\n5", with: "tree\n6").utf8), key: database.key) == nil)
    for count in 0..<answer.utf8.count - 1 { #expect(DatabaseRecord(Array(answer.utf8.prefix(count)), key: database.key) == nil) }
  }

  @Test func keys() {
    #expect(VerifierKey.sumGolangOrg?.name == "sum.golang.org")
    for text in ["", "sum.golang.org", "sum.golang.org+033de0ae", "sum.golang.org+133de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"] {
      #expect(VerifierKey(text) == nil, "\(text)")
    }
  }
}
