/// Which bytes may stand in a message, RFC 9110 §5 and RFC 9114 §4.2: what is refused here is refused on every wire, so that
/// no two parsers on the way can read a message differently.
public enum FieldRules {
  /// tchar without upper-case letters: a name as it travels inside quicgw.
  public static func isName(_ bytes: some Collection<UInt8>) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy { lowercaseToken[Int($0)] }
  }

  /// A token in any case, as HTTP/1.1 writes names and methods.
  public static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy { lowercaseToken[Int($0)] || (65...90).contains($0) }
  }

  /// A value: no CR, LF, NUL or other control but HTAB, and no white space at either end.
  public static func isValue(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
    guard let first = bytes.first, let last = bytes.last else { return true }
    guard !isBlank(first), !isBlank(last) else { return false }
    return bytes.allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x09 }
  }

  /// A request target or authority: visible ASCII or bytes of UTF-8, nothing a parser could split at.
  public static func isTarget(_ bytes: some Collection<UInt8>) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7f }
  }

  /// What may stand in `:protocol` (RFC 8441 §4): a protocol that a tunnel can carry, as a token or `token/token`.
  ///
  /// Another version of HTTP, or TLS, is a different connection and no tunnel: before an origin that switches to `h2c` a
  /// client would speak past every rule of this gateway.
  public static func isTunnelProtocol(_ bytes: ArraySlice<UInt8>) -> Bool {
    let parts = bytes.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.allSatisfy({ isToken($0) }) else { return false }
    let name = parts[0].map { (65...90).contains($0) ? $0 | 0x20 : $0 }
    return ![Array("h2c".utf8), Array("h2".utf8), Array("h3".utf8), Array("http".utf8), Array("tls".utf8)].contains(name)
  }

  /// Fields of one connection only (RFC 9114 §4.2): malformed on HTTP/2 and HTTP/3, removed when HTTP/1.1 is read.
  public static func isConnectionSpecific(_ name: some Collection<UInt8>) -> Bool {
    connectionSpecific.contains { name.elementsEqual($0.bytes) }
  }

  /// Parses a Content-Length value: digits only, at most 18 of them.
  @inlinable
  public static func contentLength(_ bytes: some Collection<UInt8>) -> UInt64? {
    guard (1...18).contains(bytes.count) else { return nil }
    var length: UInt64 = 0
    for byte in bytes {
      guard (48...57).contains(byte) else { return nil }
      length = length * 10 + UInt64(byte - 48)
    }
    return length
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static let lowercaseToken: [Bool] = {
    var table = [Bool](repeating: false, count: 256)
    for byte in "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz".utf8 { table[Int(byte)] = true }
    return table
  }()

  private static let connectionSpecific: [FieldName] = [
    .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .http2Settings,
  ]
}
