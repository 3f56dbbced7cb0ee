import NIOCore

/// Whether an answer can be what was asked for. Pure; what needs a look into an archive or a database is done elsewhere.
enum AnswerCheck {
  /// - Returns: what is wrong, in words; nil if nothing is.
  static func fault(in body: ByteBuffer, of resource: ModuleResource) -> String? {
    let bytes = body.readableBytesView
    switch resource {
    case .info(_, let version):
      return namesVersion(bytes, version.text) ? nil : "it does not name the version \(version.text)"
    case .latest, .query:
      return bytes.first { !isBlank($0) } == UInt8(ascii: "{") && contains(bytes, "\"Version\"") ? nil : "it is no description of a version"
    case .list:
      return bytes.allSatisfy { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") || (0x20..<0x7f).contains($0) }
        ? nil : "it is no list of versions"
    case .mod:
      return contains(bytes, "module") && !bytes.contains(0) ? nil : "it is no go.mod"
    case .databaseLookup:
      let beginsWithNumber = bytes.first.map { (0x30...0x39).contains($0) } == true
      return beginsWithNumber && contains(bytes, "\u{2014} ") ? nil : "it is no record of a checksum database"
    case .databaseTile(_, let path):
      guard path.dropFirst(5).split(separator: UInt8(ascii: "/")).dropFirst().first?.elementsEqual("data".utf8) != true else { return nil }
      return bytes.count.isMultiple(of: 32) && !bytes.isEmpty ? nil : "it is no tile of hashes"
    case .databaseLatest:
      return contains(bytes, "\u{2014} ") ? nil : "it is no signed tree"
    case .zip, .databaseSupported: return nil
    }
  }

  /// `"Version":"v1.2.3"`, with blanks where JSON may have them.
  private static func namesVersion(_ bytes: ByteBufferView, _ version: String) -> Bool {
    guard let range = bytes.firstRange(of: Array("\"Version\"".utf8)) else { return false }
    let rest = bytes[range.upperBound...].drop(while: isBlank)
    guard rest.first == UInt8(ascii: ":") else { return false }
    return rest.dropFirst().drop(while: isBlank).starts(with: "\"\(version)\"".utf8)
  }

  private static func contains(_ bytes: ByteBufferView, _ text: String) -> Bool { bytes.firstRange(of: Array(text.utf8)) != nil }
  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d }
}
