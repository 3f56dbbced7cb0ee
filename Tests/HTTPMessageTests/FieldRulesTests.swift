import HTTPMessage
import Testing

@Suite struct FieldRulesTests {
  /// RFC 9110 §5.6.2.
  private static let tchar = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

  @Test func `each byte in a name or token is one of tchar`() {
    for byte in UInt8.min...UInt8.max {
      let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      #expect(FieldRules.isToken([byte]) == Self.tchar.contains(byte), "byte \(byte)")
      #expect(FieldRules.isName([byte]) == (Self.tchar.contains(byte) && !isUpper), "byte \(byte)")
      #expect(FieldRules.isName(Array("ab".utf8) + [byte]) == FieldRules.isName([byte]), "byte \(byte) behind others")
    }
    #expect(!FieldRules.isName([]))
    #expect(!FieldRules.isToken([]))
    #expect(!FieldRules.isName(":path".utf8))
  }

  @Test func `each byte inside a value is visible, a blank or obs-text`() {
    for byte in UInt8.min...UInt8.max {
      let isAllowed = byte == 9 || (0x20...0x7e).contains(byte) || byte >= 0x80
      #expect(FieldRules.isValue([0x61, byte, 0x61]) == isAllowed, "byte \(byte)")
      let isBlank = byte == 9 || byte == 0x20
      #expect(FieldRules.isValue([byte]) == (isAllowed && !isBlank), "byte \(byte) alone")
    }
  }

  @Test func `a value has no white space at its ends and may be empty`() {
    #expect(FieldRules.isValue([]))
    #expect(FieldRules.isValue("a b\tc".utf8))
    for value in [" a", "a ", "\ta", "a\t", " ", "\t", "a\r\nb: c", "a\nb", "a\0b"] { #expect(!FieldRules.isValue(value.utf8)) }
  }

  @Test func `each byte of a target leaves no place to split at`() {
    for byte in UInt8.min...UInt8.max {
      #expect(FieldRules.isTarget([0x2f, byte]) == ((0x21...0x7e).contains(byte) || byte >= 0x80), "byte \(byte)")
    }
    #expect(!FieldRules.isTarget([]))
  }

  @Test func `fields of one connection are known by their whole names`() {
    let names = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings"]
    for name in names {
      #expect(FieldRules.isConnectionSpecific(name.utf8))
      #expect(!FieldRules.isConnectionSpecific((name + "x").utf8))
      #expect(!FieldRules.isConnectionSpecific(name.dropLast().utf8))
    }
    for name in ["te", "trailer", "host", "content-length", ""] { #expect(!FieldRules.isConnectionSpecific(name.utf8)) }
  }

  @Test(
    arguments: [
      ("0", 0), ("5", 5), ("007", 7), ("123456789012345678", 123_456_789_012_345_678),
      ("999999999999999999", 999_999_999_999_999_999),
    ] as [(String, UInt64)])
  func `a content length is digits`(text: String, length: UInt64) {
    #expect(FieldRules.contentLength(text.utf8) == length)
  }

  @Test(arguments: [
    "", "+5", "-1", " 5", "5 ", "5,5", "0x10", "5.0", "1e3", "five", "٥", "9999999999999999999", "18446744073709551616",
    "0000000000000000005",
  ])
  func `anything else is no content length`(text: String) {
    #expect(FieldRules.contentLength(text.utf8) == nil)
  }
}
