import HTTPMessage

/// `CDN-Loop` (RFC 8586): who has passed a request on, in a field that no intermediary may change or take away, as many do with
/// `Via`. Added where a request leaves for an origin: every way back begins there.
enum CDNLoopField {
  /// Whether one of the entries, `cdn-id *( ";" parameter )`, was made by `pseudonym`.
  static func names(_ pseudonym: [UInt8], in fields: FieldSection) -> Bool {
    guard fields.contains(name) else { return false }
    return fields.all(name).contains { value in
      value.split(separator: UInt8(ascii: ",")).contains { entry in
        entry.drop(while: isBlank).prefix { !isBlank($0) && $0 != UInt8(ascii: ";") }.elementsEqual(pseudonym)
      }
    }
  }

  static let name: FieldName = "cdn-loop"

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
