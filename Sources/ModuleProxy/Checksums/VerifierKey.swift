import Crypto
import HTTPMessage

/// The key of a checksum database as `GOSUMDB` writes it: `name+hash+key` (`golang.org/x/mod/sumdb/note`), Ed25519.
public struct VerifierKey: Sendable, Hashable {
  /// The database's name, which is also its place below `/sumdb/`.
  public let name: String
  private let hash: [UInt8]
  private let key: [UInt8]

  /// - Returns: nil for a text that is no key, or whose hash does not belong to it.
  public init?(_ text: String) {
    let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, let hash = Hexadecimal.bytes(parts[1]), hash.count == 4,
      let material = Base64.bytes(parts[2]), material.count == 33, material[0] == Self.ed25519
    else { return nil }
    let expected = SHA256.hash(data: Array(parts[0].utf8) + [UInt8(ascii: "\n")] + material).prefix(4)
    guard expected.elementsEqual(hash) else { return nil }
    name = String(parts[0])
    self.hash = hash
    key = Array(material.dropFirst())
  }

  /// The public one that the go command uses unless it is told otherwise.
  public static let sumGolangOrg = VerifierKey("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")

  /// The text of a signed note, if this key has signed it.
  func verified(_ note: String) -> String? {
    guard let gap = note.range(ofLast: "\n\n") else { return nil }
    let text = note[..<note.index(after: gap)]
    let signatures = note[note.index(gap, offsetBy: 2)...].split(separator: "\n")
    let isSigned = signatures.contains { line in
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      guard words.count == 3, words[0] == "\u{2014}", words[1] == name[...],
        let bytes = Base64.bytes(words[2]), bytes.count == 68,
        bytes.prefix(4).elementsEqual(hash), let publicKey = try? Curve25519.Signing.PublicKey(rawRepresentation: key)
      else { return false }
      return publicKey.isValidSignature(Array(bytes.dropFirst(4)), for: Array(text.utf8))
    }
    return isSigned ? String(text) : nil
  }

  private static let ed25519: UInt8 = 1
}

extension String {
  /// Where the last occurrence of `text` begins.
  fileprivate func range(ofLast text: String) -> Index? {
    var place = endIndex
    while place > startIndex {
      place = index(before: place)
      if self[place...].hasPrefix(text) { return place }
    }
    return nil
  }
}
