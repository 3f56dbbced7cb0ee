import NIOCore

/// A name that a certificate can hold: a DNS name or an IP address, checked when it is made.
enum HostName: Hashable, CustomStringConvertible {
  case dns(String)
  /// The address as text, and its 4 or 16 bytes in network order.
  case address(String, bytes: [UInt8])

  /// Reads a host of a core's certificate: a DNS name, `*.` and one, or an address (an IPv6 one may stand in brackets).
  /// - Throws: `CommandError` that says what is wrong with the text.
  init(host text: String) throws {
    if let address = HostName.address(in: text) {
      self = address
      return
    }
    if let colon = text.lastIndex(of: ":"), UInt16(text[text.index(after: colon)...]) != nil {
      throw CommandError.configuration("\"\(text)\" has a port; a certificate holds hosts only: write \"\(text[..<colon])\"")
    }
    let name = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
    try HostName.checkDNSName(name, shownAs: text)
    self = .dns(text)
  }

  /// Reads the name of an edge, its identity: one DNS name without wildcards.
  /// - Throws: `CommandError` that says what is wrong with the text.
  init(edge text: String) throws {
    if HostName.address(in: text) != nil {
      throw CommandError.configuration("\"\(text)\" is an address; an edge is known by a name such as edge-1.example.com")
    }
    try HostName.checkDNSName(text, shownAs: text)
    self = .dns(text)
  }

  var description: String {
    switch self {
    case .dns(let name): name
    case .address(let text, _): text
    }
  }

  private static func address(in text: String) -> HostName? {
    let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    guard let address = try? SocketAddress(ipAddress: bare, port: 0), let bytes = address.addressBytes else { return nil }
    return .address(bare, bytes: bytes)
  }

  /// RFC 1123 §2.1: labels of 1 to 63 letters, digits and inner hyphens, 253 characters in all; lower case, so that names can
  /// be compared as bytes.
  private static func checkDNSName(_ name: String, shownAs text: String) throws {
    func refuse(_ reason: String) -> CommandError { .configuration("\"\(text)\" cannot be a DNS name: \(reason)") }
    guard !name.isEmpty else { throw refuse("it is empty") }
    guard name.utf8.count <= 253 else { throw refuse("it has \(name.utf8.count) characters, 253 are allowed") }
    if name.contains(where: \.isUppercase) { throw refuse("write it in lower case, \"\(text.lowercased())\"") }
    for label in name.split(separator: ".", omittingEmptySubsequences: false) {
      guard !label.isEmpty else { throw refuse("two dots, or a dot at an end, leave an empty label") }
      guard label.utf8.count <= 63 else { throw refuse("a label has \(label.utf8.count) characters, 63 are allowed") }
      guard label.first != "-", label.last != "-" else { throw refuse("the label \"\(label)\" begins or ends with a hyphen") }
      for character in label where !("a"..."z" ~= character || "0"..."9" ~= character || character == "-") {
        throw refuse("it contains \"\(character)\"; a to z, 0 to 9, hyphen and dot are allowed")
      }
    }
    // A name whose last label is a number would be read as an address by some and as a name by others.
    if name.split(separator: ".").last?.allSatisfy(\.isNumber) == true {
      throw refuse("its last label is a number, as in an address")
    }
  }
}
