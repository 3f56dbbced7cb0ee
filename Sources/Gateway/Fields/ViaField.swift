import HTTPMessage

/// `Via` (RFC 9110 §7.6.3): the intermediaries that a request has passed, by which loops are found.
enum ViaField {
  /// Whether one of the entries, `protocol received-by [comment]`, was made by `pseudonym`.
  static func names(_ pseudonym: [UInt8], in fields: FieldSection) -> Bool {
    fields.listContains(.via) { ListMember.word(1, of: $0).elementsEqual(pseudonym) }
  }

  /// Whether the last of the entries says that the request came to that hop by `wire`.
  static func lastHopTook(_ wire: StaticString, in fields: FieldSection) -> Bool {
    guard let value = fields.last(.via) else { return false }
    let start = value.lastIndex(of: UInt8(ascii: ",")).map { $0 + 1 } ?? value.startIndex
    return ListMember.word(0, of: value[start...]).elementsEqual(wire.description.utf8)
  }
}
