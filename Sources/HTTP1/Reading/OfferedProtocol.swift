import HTTPMessage

/// The protocol that a client offers to speak on its connection behind an answer of 101 (RFC 9110 §7.8).
enum OfferedProtocol {
  /// The first protocol of an `Upgrade` field that a tunnel can carry, as `:protocol` says it (RFC 8441 §4); nil if there is none.
  ///
  /// Other versions of HTTP and TLS are no protocols inside a tunnel but a different connection: a server may ignore such an offer,
  /// and this one does.
  static func name(in upgrade: ArraySlice<UInt8>) -> [UInt8]? {
    var found: [UInt8]?
    ConnectionOptions.forEachElement(of: upgrade) { element in
      guard found == nil, isProtocol(element), !isOfTheConnection(element) else { return }
      // The one name that is registered in another case for Upgrade than it has in `:protocol` (RFC 8441 §5).
      found = ConnectionOptions.equalsIgnoringCase(element, "websocket") ? webSocket : Array(element)
    }
    return found
  }

  /// Whether the field of a 101 names what was offered; names of protocols are compared without regard to case.
  static func isChosen(_ offered: [UInt8], in upgrade: ArraySlice<UInt8>) -> Bool {
    upgrade.count == offered.count
      && zip(upgrade, offered).allSatisfy { OctetClass.lowercased[Int($0)] == OctetClass.lowercased[Int($1)] }
  }

  static let webSocket = Array("websocket".utf8)

  /// A token, and perhaps `/` and another one.
  private static func isProtocol(_ element: ArraySlice<UInt8>) -> Bool {
    let parts = element.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    return parts.allSatisfy { !$0.isEmpty && FieldRules.isToken($0) }
  }

  private static func isOfTheConnection(_ element: ArraySlice<UInt8>) -> Bool {
    let name = element.prefix { $0 != UInt8(ascii: "/") }
    return ["h2c", "h2", "http", "tls"].contains { ConnectionOptions.equalsIgnoringCase(name, $0) }
  }
}
