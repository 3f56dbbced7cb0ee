import HTTP1
import HTTPMessage
import Testing

@Suite struct ResponseReadingTests {
  @Test func everyFramingReadsTheSameWhereverItIsCut() throws {
    let texts = [
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
      "HTTP/1.1 200\r\n\r\nuntil the end",
    ]
    for text in texts {
      let whole = try readResponse(text, ends: !text.contains("ength") && !text.contains("chunked"))
      #expect(whole.isComplete)
      for pieceBytes in 1...text.utf8.count {
        let cut = try readResponse(text, pieceBytes: pieceBytes, ends: !text.contains("ength") && !text.contains("chunked"))
        #expect(cut == whole)
      }
    }
    let first = try readResponse(texts[0])
    #expect(first.interims == [100, 103])
    #expect(first.body == "hello")
    #expect(first.keepsAlive)
    let second = try readResponse(texts[1])
    #expect(second.body == "abcde")
    #expect(second.trailers == ["x-t": "1"])
    let third = try readResponse(texts[2], ends: true)
    #expect(third.body == "until the end")
    #expect(!third.keepsAlive)
    #expect(third.head?.bodyLength == .unknown)
  }

  struct Bodyless: Sendable, CustomTestStringConvertible {
    var text: String
    var isHead = false
    var keepsAlive = true
    var testDescription: String { text.debugDescription }
  }

  @Test(arguments: [
    Bodyless(text: "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", isHead: true),
    Bodyless(text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", isHead: true),
    Bodyless(text: "HTTP/1.1 200 OK\r\n\r\n", isHead: true),
    Bodyless(text: "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"x\"\r\n\r\n"),
    Bodyless(text: "HTTP/1.1 204 No Content\r\n\r\n"),
    Bodyless(text: "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"),
    Bodyless(text: "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", keepsAlive: false),
    Bodyless(text: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", keepsAlive: false),
    Bodyless(text: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    Bodyless(text: "HTTP/1.0 304 Not Modified\r\n\r\n", keepsAlive: false),
    Bodyless(text: "HTTP/1.0 304 Not Modified\r\nConnection: keep-alive\r\n\r\n"),
  ])
  func responsesWithoutContentEndWithTheirHead(_ row: Bodyless) throws {
    let response = try readResponse(row.text, to: HTTP1RequestTraits(isHead: row.isHead))
    #expect(response.isComplete)
    #expect(response.head?.bodyLength == BodyLength.none)
    #expect(response.keepsAlive == row.keepsAlive)
  }

  @Test func headKeepsTheLengthThatAGetWouldHave() throws {
    let response = try readResponse("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", to: HTTP1RequestTraits(isHead: true))
    #expect(response.head?.fields.text(.contentLength) == "7")
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var kind: HTTP1Error.Kind
    var text: String
    var testDescription: String { text.debugDescription }

    init(_ kind: HTTP1Error.Kind, _ text: String) {
      self.kind = kind
      self.text = text
    }
  }

  @Test(arguments: [
    Row(.malformed, "HTTP/1.1 20 OK\r\n\r\n"),
    Row(.malformed, "HTTP/1.1 2000 OK\r\n\r\n"),
    Row(.malformed, "HTTP/1.1 2x0 OK\r\n\r\n"),
    Row(.malformed, "HTTP/1.1 099 OK\r\n\r\n"),
    Row(.malformed, "HTTP/1.1  200 OK\r\n\r\n"),
    Row(.malformed, "HTTP/1.1 200 O\u{1}K\r\n\r\n"),
    Row(.malformed, "ICY 200 OK\r\n\r\n"),
    Row(.malformed, "\r\nHTTP/1.1 200 OK\r\n\r\n"),
    Row(.unsupported, "HTTP/2.0 200 OK\r\n\r\n"),
    Row(.unsupported, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    Row(.malformed, "HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
    Row(.malformed, "HTTP/1.1 200 OK\r\nX : 1\r\n\r\n"),
    Row(.malformed, "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\r\n"),
    Row(.ambiguousLength, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
    Row(.ambiguousLength, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    Row(.ambiguousLength, "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
    Row(.ambiguousLength, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    Row(.unsupported, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    Row(.malformed, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    Row(.malformed, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n"),
    Row(.malformed, String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 100)),
    Row(.fieldsTooLarge, "HTTP/1.1 200 OK\r\nX: \(String(repeating: "v", count: 70_000))\r\n\r\n"),
  ])
  func isRefused(_ row: Row) {
    for pieceBytes in [Int.max, 1, 5] {
      let error = #expect(throws: HTTP1Error.self) { try readResponse(row.text, pieceBytes: pieceBytes) }
      #expect(error?.kind == row.kind, "\(String(describing: error))")
    }
  }

  @Test(arguments: [
    "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n", "",
  ])
  func anEndInsideAResponseIsAnError(_ text: String) {
    let error = #expect(throws: HTTP1Error.self) { try readResponse(text, ends: true) }
    #expect(error?.kind == .incomplete)
  }

  @Test func interimResponsesAreCounted() throws {
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n"
    let final = "HTTP/1.1 204 No Content\r\n\r\n"
    #expect(try readResponse(String(repeating: interim, count: 32) + final).interims.count == 32)
    #expect { try readResponse(String(repeating: interim, count: 33) + final) } throws: {
      ($0 as? HTTP1Error)?.kind == .malformed
    }
  }
}
