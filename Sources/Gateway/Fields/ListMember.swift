import HTTPMessage

/// A member of a field whose value is a list (RFC 9110 §5.6.1), as bytes in place: what is asked of each request makes no arrays.
enum ListMember {
  /// The word of that number, from 0, of those that blanks divide; empty where there is none.
  static func word(_ number: Int, of member: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = member.drop(while: isBlank)
    for _ in 0..<number { rest = rest.drop { !isBlank($0) }.drop(while: isBlank) }
    return rest.prefix { !isBlank($0) }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

extension FieldSection {
  /// Whether the predicate holds for a member of the lists that the fields of that name are together.
  func listContains(_ name: FieldName, where predicate: (ArraySlice<UInt8>) -> Bool) -> Bool {
    guard contains(name) else { return false }
    for field in self where field.name.elementsEqual(name.bytes) {
      var rest = field.value
      while !rest.isEmpty {
        let member = rest.prefix { $0 != UInt8(ascii: ",") }
        if predicate(member) { return true }
        rest = rest[member.endIndex...].dropFirst()
      }
    }
    return false
  }
}
