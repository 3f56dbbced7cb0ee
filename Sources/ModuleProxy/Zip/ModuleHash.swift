import Crypto
import HTTPMessage

/// The hashes of go.sum (`golang.org/x/mod/sumdb/dirhash`).
enum ModuleHash {
  /// - Parameter files: names and SHA-256 of what is in them, in any order.
  static func h1(_ files: [(name: [UInt8], digest: [UInt8])]) -> String {
    var summary = SHA256()
    for file in files.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
      summary.update(data: Array(Hexadecimal.text(file.digest).utf8) + Array("  ".utf8) + file.name + [UInt8(ascii: "\n")])
    }
    return "h1:" + Base64.text(Array(summary.finalize()))
  }

  /// The hash of a go.mod file alone, as the lines with `/go.mod` have it.
  static func h1(goMod: some Sequence<UInt8>) -> String {
    h1([(Array("go.mod".utf8), Array(SHA256.hash(data: Array(goMod))))])
  }
}
