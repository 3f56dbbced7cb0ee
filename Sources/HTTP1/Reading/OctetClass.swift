/// What a byte may be in HTTP/1.1's grammar (RFC 9110 §5.6, RFC 9112 §3.2), looked up in one table.
struct OctetClass: OptionSet {
  let rawValue: UInt8

  /// tchar: methods and field names.
  static let token = OctetClass(rawValue: 1)
  /// field-vchar, SP and HTAB: the inside of a field value; obs-text is kept.
  static let value = OctetClass(rawValue: 2)
  /// A request target: visible and not a fragment.
  static let target = OctetClass(rawValue: 4)
  /// uri-host and port (RFC 3986 §3.2.2), without userinfo.
  static let authority = OctetClass(rawValue: 8)
  static let hexDigit = OctetClass(rawValue: 16)

  static func of(_ byte: UInt8) -> OctetClass { table[Int(byte)] }

  /// Whether every byte of the range is of this class.
  func holds(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    for index in range where !Self.table[Int(bytes[index])].contains(self) { return false }
    return true
  }

  /// Whether every byte is of this class.
  func holds(_ bytes: ArraySlice<UInt8>) -> Bool {
    for byte in bytes where !Self.table[Int(byte)].contains(self) { return false }
    return true
  }

  static let lowercased: [UInt8] = (0...255).map { (65...90).contains($0) ? $0 + 32 : $0 }

  private static let table: [OctetClass] = {
    var table = [OctetClass](repeating: [], count: 256)
    func mark(_ characters: String, _ octetClass: OctetClass) {
      for byte in characters.utf8 { table[Int(byte)].insert(octetClass) }
    }
    let alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    mark(alphanumeric + "!#$%&'*+-.^_`|~", .token)
    mark(alphanumeric + "-._~%!$&'()*+;=:[]", .authority)
    mark("0123456789abcdefABCDEF", .hexDigit)
    for byte in 0...255 where (byte >= 0x20 && byte != 0x7f) || byte == 0x09 { table[byte].insert(.value) }
    for byte in 0x21...255 where byte != 0x7f && byte != 0x23 { table[byte].insert(.target) }
    return table
  }()
}
