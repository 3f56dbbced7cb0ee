import HTTPMessage
import Testing

@Suite struct EncodingsTests {
  /// RFC 4648 §10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func base64(_ plain: String, _ text: String) {
    #expect(Base64.text(Array(plain.utf8)) == text)
    #expect(Base64.bytes(text) == Array(plain.utf8))
  }

  @Test func hexadecimal() {
    #expect(Hexadecimal.text([0x00, 0x0f, 0xa0, 0xff]) == "000fa0ff")
    #expect(Hexadecimal.bytes("000fA0ff") == [0x00, 0x0f, 0xa0, 0xff])
    #expect(Hexadecimal.bytes("0") == nil && Hexadecimal.bytes("0g") == nil)
  }

  @Test(arguments: ["Zg", "Zg=", "Z===", "Zm9v!A=="])
  func whatIsNotBase64(_ text: String) {
    #expect(Base64.bytes(text) == nil)
  }
}
