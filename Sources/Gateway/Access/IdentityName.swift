/// What the names in certificates look like that can be identities.
enum IdentityName {
  /// RFC 1123 §2.1: labels of 1 to 63 letters, digits and inner hyphens, 253 bytes in all. Underscores, which some authorities
  /// certify, are let pass; addresses are not names.
  static func isDNSName(_ bytes: Substring.UTF8View) -> Bool {
    let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard bytes.count <= 253, labels.allSatisfy(isLabel) else { return false }
    return labels.count != 4 || !labels.allSatisfy { $0.allSatisfy(isDigit) }
  }

  /// RFC 3986: `scheme://` and something behind it, or `urn:` and something; printable ASCII without what must be escaped.
  static func isURI(_ bytes: Substring.UTF8View) -> Bool {
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return false }
    let scheme = bytes[..<colon]
    guard let first = scheme.first, isLetter(first), scheme.allSatisfy({ isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) })
    else { return false }
    let rest = bytes[bytes.index(after: colon)...]
    guard rest.allSatisfy({ (0x21...0x7e).contains($0) && !"\"<>\\^`{|}*".utf8.contains($0) }) else { return false }
    if rest.starts(with: "//".utf8) {
      let behind = rest.dropFirst(2)
      return !behind.isEmpty && behind.first != UInt8(ascii: "/")
    }
    return scheme.elementsEqual("urn".utf8) && !rest.isEmpty
  }

  private static func isLabel(_ label: Substring.UTF8View) -> Bool {
    guard let first = label.first, (1...63).contains(label.count) else { return false }
    let hyphen = UInt8(ascii: "-")
    let endsInHyphen = label[label.index(label.startIndex, offsetBy: label.count - 1)] == hyphen
    guard first != hyphen, !endsInHyphen else { return false }
    return label.allSatisfy { isLetter($0) || isDigit($0) || $0 == hyphen || $0 == UInt8(ascii: "_") }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
