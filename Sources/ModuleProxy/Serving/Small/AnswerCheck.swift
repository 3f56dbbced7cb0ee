import NIOCore

/// Whether an answer can be what was asked for. Pure; what needs a look into an archive or a database is done elsewhere.
struct AnswerCheck: Sendable {
  /// What is wrong, in words; nil if nothing is.
  let fault: String?
  /// Of a go.mod: what a checksum database would have recorded.
  let goModHash: String?

  init(_ body: ByteBuffer, of resource: ModuleResource) {
    fault = Self.fault(in: body.readableBytesView, of: resource)
    if case .mod = resource, fault == nil { goModHash = ModuleHash.h1(goMod: body.readableBytesView) } else { goModHash = nil }
  }

  private static func fault(in bytes: ByteBufferView, of resource: ModuleResource) -> String? {
    switch resource {
    case .info(let module, let version):
      guard isObject(bytes), let named = Self.version(in: bytes), named == version || !version.fits(module) else {
        return "it does not name the version \(version.text)"
      }
      return nil
    case .latest, .query:
      return isObject(bytes) && contains(bytes, "\"Version\"") ? nil : "it is no description of a version"
    case .list:
      return bytes.split(separator: UInt8(ascii: "\n")).allSatisfy(isVersionLine) ? nil : "it is no list of versions"
    case .mod:
      return !bytes.contains(0) && GoModText(bytes) != nil ? nil : "it is no go.mod"
    case .databaseLookup:
      let beginsWithNumber = bytes.first.map { (0x30...0x39).contains($0) } == true
      return beginsWithNumber && contains(bytes, "\u{2014} ") ? nil : "it is no record of a checksum database"
    case .databaseTile(_, let path):
      let level = path.dropFirst(5).split(separator: UInt8(ascii: "/")).dropFirst().first
      guard level?.elementsEqual("data".utf8) != true else { return nil }
      return bytes.count.isMultiple(of: 32) && !bytes.isEmpty ? nil : "it is no tile of hashes"
    case .databaseLatest:
      return contains(bytes, "\u{2014} ") ? nil : "it is no signed tree"
    case .zip, .databaseSupported: return nil
    }
  }

  /// Whether an answer to a question for something immutable is the thing itself. Where a version does not fit its module's path,
  /// the origin may name another one, and another again tomorrow.
  static func isLasting(_ body: ByteBuffer, of resource: ModuleResource) -> Bool {
    guard case .info(_, let version) = resource else { return true }
    return self.version(in: body.readableBytesView) == version
  }

  /// `"Version":"v1.2.3"`, with blanks where JSON may have them.
  private static func version(in bytes: ByteBufferView) -> ModuleVersion? {
    guard let name = bytes.firstRange(of: Array("\"Version\"".utf8)) else { return nil }
    let rest = bytes[name.upperBound...].drop(while: isBlank)
    let value = rest.dropFirst().drop(while: isBlank)
    guard rest.first == UInt8(ascii: ":"), value.first == UInt8(ascii: "\"") else { return nil }
    let text = value.dropFirst()
    guard let end = text.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
    return ModuleVersion(String(decoding: text[..<end], as: UTF8.self))
  }

  /// Whether it is one JSON object from its first byte to its last, as far as brackets tell: what was cut off is none.
  private static func isObject(_ bytes: ByteBufferView) -> Bool {
    guard bytes.first(where: { !isBlank($0) }) == UInt8(ascii: "{") else { return false }
    var depth = 0
    var isInText = false
    var isEscaped = false
    var isOver = false
    for byte in bytes where isInText || !isBlank(byte) {
      if isOver { return false }
      switch byte {
      case _ where isEscaped: isEscaped = false
      case UInt8(ascii: "\\") where isInText: isEscaped = true
      case UInt8(ascii: "\""): isInText.toggle()
      case _ where isInText: break
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        isOver = depth == 0
      default: break
      }
    }
    return isOver
  }

  /// A semantic version, and what some origins say after it.
  private static func isVersionLine(_ line: ByteBufferView) -> Bool {
    guard let word = line.split(whereSeparator: isBlank).first else { return true }
    let startsWithNumber = word.dropFirst().first.map { (0x30...0x39).contains($0) } == true
    guard word.first == UInt8(ascii: "v"), startsWithNumber else { return false }
    return word.allSatisfy { BangEscape.isLetterOrDigit($0) || "-.+".utf8.contains($0) }
      && line.allSatisfy { isBlank($0) || (0x20..<0x7f).contains($0) }
  }

  private static func contains(_ bytes: ByteBufferView, _ text: String) -> Bool { bytes.firstRange(of: Array(text.utf8)) != nil }
  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d }
}
