import Testing

@testable import Gateway

/// What may be written as an origin.
@Suite struct OriginURLTests {
  @Test(arguments: [
    ("http://127.0.0.1:3000", "http://127.0.0.1:3000"), ("http://localhost", "http://localhost"),
    ("https://a.example:443", "https://a.example"),
    ("h2c://[::1]:50051", "h2c://[::1]:50051"), ("http://a.example:8080/base/", "http://a.example:8080/base"),
    ("https://a.example/", "https://a.example"), ("unix:/run/a.sock", "unix:/run/a.sock"), ("unix:///run/a.sock", "unix:/run/a.sock"),
    ("http+unix:/a", "unix:/a"), ("h2c+unix:/run/a.sock", "h2c+unix:/run/a.sock"),
  ])
  func isRead(text: String, shown: String) throws {
    #expect(try OriginURL(text).description == shown)
  }

  @Test func partsAreApart() throws {
    let url = try OriginURL("https://[2001:db8::1]/go/proxy")
    #expect(url.host == "2001:db8::1")
    #expect(url.port == 443)
    #expect(url.authority == "[2001:db8::1]")
    #expect(url.basePath == "/go/proxy")
  }

  @Test func socketOfThisMachineHasAPathAndTheNameOfNoHost() throws {
    let url = try OriginURL("h2c+unix:/run/a.sock")
    #expect(url.socketPath == "/run/a.sock" && url.scheme == .h2c)
    #expect(url.authority == "localhost" && url.basePath.isEmpty)
    #expect(try OriginURL("http://localhost").socketPath == nil)
  }

  @Test(arguments: [
    ("localhost:3000", "has no scheme"), ("ftp://a.example", "“ftp” is not a scheme"), ("http://", "no valid host"),
    ("http://user@a.example", "no valid host"), ("http://a.example:99999", "no valid host"), ("http://h:0", "no valid host"),
    ("http://a.example:", "no valid host"),
    ("http://a b", "no valid host"), ("http://a.example?x", "a query or a fragment"),
    ("http://a.example/#x", "a query or a fragment"), ("http://[::1", "no valid host"),
    ("unix:", "names no file"), ("unix:a.sock", "names no file"), ("unix:/", "names no file"), ("unix://host/a", "names no file"),
    ("unix:/a\0b", "names no file"), ("unix:/" + String(repeating: "a", count: 107), "107 bytes at most"), ("https+unix:/a", "has no scheme"),
    ("HTTP://a.example", "“HTTP” is not a scheme"), ("", "has no scheme"),
  ])
  func isRefused(text: String, reason: String) {
    #expect { try OriginURL(text) } throws: { ($0 as? OriginURL.Malformed)?.message.contains(reason) == true }
  }

  @Test(arguments: ["modules", "a.b", "a-1_2", "10"])
  func nameOfAService(text: String) { #expect(Service.isName(text)) }

  @Test(arguments: ["", "Modules", "a b", "a/b", ".a", "a.", "a:1", "ä", String(repeating: "a", count: 254)])
  func noNameOfAService(text: String) { #expect(!Service.isName(text)) }
}

/// What may stand in `:authority`.
@Suite struct AuthorityTests {
  @Test(arguments: ["a", "a.example:80", "127.0.0.1:8080", "[::1]", "[2001:db8::1]:443", "[fe80::1%251]:1", "a_b.example", "x:0"])
  func isRead(text: String) { #expect(Authority(Array(text.utf8)[...]) != nil) }

  @Test(arguments: [
    "", ":80", "a:", "a:65536", "a:8o", "user@a", "a b", "a/b", "[::1", "[]", "[::g]", "[::1]x", "a\"b", "a,b", "a;b", "a:1:2",
    "ä", String(repeating: "a", count: 301),
  ])
  func isRefused(text: String) { #expect(Authority(Array(text.utf8)[...]) == nil) }
}
