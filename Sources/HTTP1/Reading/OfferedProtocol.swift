import HTTPMessage

/// The protocol that a client offers to speak on its connection behind an answer of 101 (RFC 9110 §7.8).
enum OfferedProtocol {
  /// The first protocol of an `Upgrade` field that a tunnel can carry, as `:protocol` says it (RFC 8441 §4); nil if there is
  /// none.
  ///
  /// A server may ignore what is offered (RFC 9110 §7.8), and this one ignores the others.
  static func name(in upgrade: ArraySlice<UInt8>) -> [UInt8]? {
    var found: [UInt8]?
    ConnectionOptions.forEachElement(of: upgrade) { element in
      guard found == nil, FieldRules.isTunnelProtocol(element) else { return }
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
}
