import HTTPMessage

/// `CDN-Loop` (RFC 8586): who has passed a request on, in a field that no intermediary may change or take away, as many do with
/// `Via`. Added where a request leaves for an origin: every way back begins there.
enum CDNLoopField {
  /// Whether one of the entries, `cdn-id *( ";" parameter )`, was made by `pseudonym`.
  static func names(_ pseudonym: [UInt8], in fields: FieldSection) -> Bool {
    fields.listContains(name) { entry in
      ListMember.word(0, of: entry).prefix { $0 != UInt8(ascii: ";") }.elementsEqual(pseudonym)
    }
  }

  static let name: FieldName = "cdn-loop"
}
