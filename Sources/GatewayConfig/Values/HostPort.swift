/// A name or an address, and a port: `core.example:4433`, `[::]:4433`, `127.0.0.1:8080`, `:8080`.
public struct HostPort: Sendable, Hashable {
  /// Without brackets.
  public var host: String
  public var port: UInt16

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Reads `host:port`; an IPv6 address stands in brackets, an empty host is every address, `[::]`. Nil for anything else.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else { return nil }
    let name = text[..<colon]
    if name.isEmpty {
      self.init(host: "::", port: port)
    } else if name.hasPrefix("[") {
      let address = name.dropFirst().dropLast()
      guard name.hasSuffix("]"), address.utf8.contains(UInt8(ascii: ":")), address.utf8.allSatisfy(Self.isAddressByte) else {
        return nil
      }
      self.init(host: String(address), port: port)
    } else {
      guard name.utf8.count <= 253, name.utf8.allSatisfy(Self.isNameByte), !Self.isHalfAnAddress(name) else { return nil }
      self.init(host: String(name), port: port)
    }
  }

  /// The host of a text that would be an address with a port if the host were a whole IPv4 address.
  static func hostThatIsHalfAnAddress(in text: String) -> String? {
    guard let colon = text.lastIndex(of: ":"), port(text[text.index(after: colon)...]) != nil else { return nil }
    return isHalfAnAddress(text[..<colon]) ? String(text[..<colon]) : nil
  }

  /// Whether a host is made of numbers and dots and is not an IPv4 address. The system's resolver takes `1.2.3` for 1.2.0.3.
  private static func isHalfAnAddress(_ host: Substring) -> Bool {
    guard !host.isEmpty, host.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }) else { return false }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count != 4 || !parts.allSatisfy { $0.utf8.count <= 3 && UInt8($0) != nil }
  }

  private static func port(_ text: Substring) -> UInt16? {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return UInt16(text)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || [45, 46, 95].contains(byte)
  }

  /// Hexadecimal digits, colons, dots and what a zone may consist of.
  private static func isAddressByte(_ byte: UInt8) -> Bool {
    isNameByte(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%")
  }
}

extension HostPort: CustomStringConvertible {
  public var description: String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
