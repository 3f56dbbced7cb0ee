/// A host and an optional port (RFC 3986 §3.2.2), as slices of the bytes they were read from.
///
/// User information is refused (RFC 9110 §4.2.4), and so is everything that would need quoting in `Forwarded` or could be read
/// differently by the next parser: letters, digits, `-._~%` and IP literals remain.
struct Authority {
  /// The host with the brackets of an IP literal.
  let host: ArraySlice<UInt8>
  let port: UInt16?

  /// Nil for what is not an authority.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count <= Self.byteLimit, let hostEnd = Self.hostEnd(bytes) else { return nil }
    host = bytes[..<hostEnd]
    let rest = bytes[hostEnd...]
    if rest.isEmpty {
      port = nil
    } else {
      guard rest.first == UInt8(ascii: ":"), let number = Self.port(rest.dropFirst()) else { return nil }
      port = number
    }
  }

  var hostWithoutBrackets: ArraySlice<UInt8> {
    host.first == UInt8(ascii: "[") ? host.dropFirst().dropLast() : host
  }

  /// True for an IP literal or dotted decimal, which have no labels.
  var isAddress: Bool {
    host.first == UInt8(ascii: "[") || host.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
  }

  /// What stands before the first dot.
  var firstLabel: ArraySlice<UInt8> { host.prefix { $0 != UInt8(ascii: ".") } }

  private static func hostEnd(_ bytes: ArraySlice<UInt8>) -> Int? {
    if bytes.first == UInt8(ascii: "[") {
      guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), close > bytes.startIndex + 2 else { return nil }
      let isLiteral = bytes[(bytes.startIndex + 1)..<close].allSatisfy { isHexDigit($0) || [37, 46, 58].contains($0) }
      return isLiteral ? close + 1 : nil
    }
    let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
    let isName = end > bytes.startIndex && bytes[..<end].allSatisfy(isNameByte)
    return isName ? end : nil
  }

  private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
    guard (1...5).contains(digits.count) else { return nil }
    var number = 0
    for digit in digits {
      guard (48...57).contains(digit) else { return nil }
      number = number * 10 + Int(digit - 48)
    }
    return UInt16(exactly: number)
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (48...57).contains(byte) || (65...90).contains(byte)
      || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")
      || byte == UInt8(ascii: "%")
  }

  /// A DNS name has at most 253 bytes; with a port and some room.
  private static let byteLimit = 300
}
