import HTTPMessage

/// `Forwarded` (RFC 7239): what the first proxies knew of the client. quicgw adds one element where a request enters the link;
/// the core reads the client's authority from that last one.
enum ForwardedField {
  /// The `host` parameter of the last element.
  enum ClientHost {
    /// There is no element, or the last has no host.
    case absent
    case host(ArraySlice<UInt8>)
    /// The field cannot be read.
    case malformed
  }

  /// Reads the last element of all fields of a section.
  static func clientHost(in fields: FieldSection) -> ClientHost {
    guard let value = fields.last(.forwarded) else { return .absent }
    var host: ArraySlice<UInt8>?
    var rest = value
    while true {
      skipBlanks(&rest)
      if let parameter = takeParameter(&rest) {
        if isHost(parameter.name) { host = parameter.value }
      } else if !(rest.isEmpty || rest.first == comma || rest.first == semicolon) {
        return .malformed
      }
      skipBlanks(&rest)
      guard let separator = rest.popFirst() else { break }
      switch separator {
      case comma: host = nil
      case semicolon: continue
      default: return .malformed
      }
    }
    return host.map { .host($0) } ?? .absent
  }

  /// Removes fields that a reader could not split into elements, so that what is added behind them stays readable.
  static func removeMalformed(from fields: inout FieldSection) {
    guard fields.contains(.forwarded) else { return }
    fields.removeAll { name, value in name.elementsEqual(FieldName.forwarded.bytes) && !isReadable(value) }
  }

  /// Writes one element, all values quoted, into `bytes`.
  /// - Parameters:
  ///   - peer: the client's address as the connection names it; `unknown` is written for what is no address.
  ///   - host: an authority that `Authority` accepts, so that it needs no escapes.
  static func write(peer: String, host: ArraySlice<UInt8>, scheme: ArraySlice<UInt8>, into bytes: inout [UInt8]) {
    bytes.append(contentsOf: "for=".utf8)
    if peer.utf8.allSatisfy(isNodeByte), !peer.isEmpty {
      bytes.append(quote)
      bytes.append(contentsOf: peer.utf8)
      bytes.append(quote)
    } else {
      bytes.append(contentsOf: "unknown".utf8)
    }
    bytes.append(contentsOf: ";host=\"".utf8)
    bytes.append(contentsOf: host)
    bytes.append(contentsOf: "\";proto=".utf8)
    bytes.append(contentsOf: scheme)
  }

  private static func isReadable(_ value: ArraySlice<UInt8>) -> Bool {
    var rest = value
    while true {
      skipBlanks(&rest)
      if takeParameter(&rest) == nil, !(rest.isEmpty || rest.first == comma || rest.first == semicolon) { return false }
      skipBlanks(&rest)
      guard let separator = rest.popFirst() else { return true }
      guard separator == comma || separator == semicolon else { return false }
    }
  }

  /// Takes `token=token` or `token="quoted"`; the value comes without quotes and with its escapes. Nil, with `bytes` as they
  /// were, if there is none.
  private static func takeParameter(_ bytes: inout ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)? {
    let nameEnd = bytes.firstIndex { !isTokenByte($0) } ?? bytes.endIndex
    guard nameEnd > bytes.startIndex, nameEnd < bytes.endIndex, bytes[nameEnd] == UInt8(ascii: "=") else { return nil }
    let name = bytes[..<nameEnd]
    var rest = bytes[(nameEnd + 1)...]
    guard rest.first == quote else {
      // A colon is not allowed in a token, but `host=localhost:8080` is written so often that it is read.
      let valueEnd = rest.firstIndex { !isTokenByte($0) && $0 != UInt8(ascii: ":") } ?? rest.endIndex
      guard valueEnd > rest.startIndex else { return nil }
      bytes = rest[valueEnd...]
      return (name, rest[..<valueEnd])
    }
    rest = rest.dropFirst()
    var position = rest.startIndex
    while position < rest.endIndex, rest[position] != quote {
      position += rest[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < rest.endIndex else { return nil }
    bytes = rest[(position + 1)...]
    return (name, rest[..<position])
  }

  private static func skipBlanks(_ bytes: inout ArraySlice<UInt8>) {
    while let byte = bytes.first, byte == 0x20 || byte == 0x09 { bytes.removeFirst() }
  }

  private static func isHost(_ name: ArraySlice<UInt8>) -> Bool {
    name.count == 4 && name.elementsEqual("host".utf8) { $0 | 0x20 == $1 }
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool { tokenBytes[Int(byte)] }

  private static func isNodeByte(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (48...58).contains(byte) || (65...90).contains(byte) || [37, 45, 46, 91, 93, 95].contains(byte)
  }

  private static let tokenBytes: [Bool] = (0...255).map { FieldRules.isToken(CollectionOfOne(UInt8($0))) }
  private static let comma = UInt8(ascii: ",")
  private static let semicolon = UInt8(ascii: ";")
  private static let quote = UInt8(ascii: "\"")
}
