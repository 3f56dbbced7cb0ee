import HTTPMessage

/// `Via` (RFC 9110 §7.6.3): the intermediaries that a request has passed, by which loops are found.
enum ViaField {
  /// Whether one of the entries, `protocol received-by [comment]`, was made by `pseudonym`.
  static func names(_ pseudonym: [UInt8], in fields: FieldSection) -> Bool {
    guard fields.contains(.via) else { return false }
    return fields.all(.via).contains { value in
      value.split(separator: UInt8(ascii: ",")).contains { receivedBy($0).elementsEqual(pseudonym) }
    }
  }

  /// Whether the last of the entries says that the request came to that hop by `wire`.
  static func lastHopTook(_ wire: StaticString, in fields: FieldSection) -> Bool {
    guard let last = fields.all(.via).last?.split(separator: UInt8(ascii: ",")).last else { return false }
    return last.drop(while: isBlank).prefix { !isBlank($0) }.elementsEqual(wire.description.utf8)
  }

  /// The second word of an entry.
  private static func receivedBy(_ entry: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    entry.drop(while: isBlank).drop { !isBlank($0) }.drop(while: isBlank).prefix { !isBlank($0) }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
