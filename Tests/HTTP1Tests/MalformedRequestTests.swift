import HTTP1
import HTTPMessage
import Testing

/// Requests that two parsers could read differently, or that no parser should read: each is refused with its kind.
@Suite struct MalformedRequestTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var text: String
    var kind: HTTP1Error.Kind
    var testDescription: String { text.debugDescription }

    init(_ kind: HTTP1Error.Kind, _ text: String) {
      self.kind = kind
      self.text = text
    }
  }

  static let lines: [Row] = [
    Row(.malformed, "GET /\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET / x HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET x HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET /#f HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "CONNECT a:0 HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "CONNECT a:70000 HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET / http/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.11\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET / HTTP/11\r\nHost: a\r\n\r\n"),
    Row(.unsupported, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    Row(.malformed, "\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row(.malformed, "\u{16}\u{3}\u{1}\u{2}\n"),
  ]

  static let fields: [Row] = [
    Row(.malformed, "GET / HTTP/1.1\nHost: a\n\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{0}c\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{7f}\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\r\n:path: /x\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    Row(.malformed, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    Row(.malformed, "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n"),
    Row(.forbiddenField, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\n\r\n"),
    Row(.forbiddenField, "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, host\r\n\r\n"),
  ]

  static let lengths: [Row] = [
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\nContent-Length: 5\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    Row(.unsupported, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    Row(.unsupported, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n"),
    Row(.unsupported, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
    Row(.unsupported, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"),
    Row(.unsupported, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{0b}chunked\r\n\r\n").asMalformed,
    Row(.unsupported, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"),
    Row(.unsupported, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"),
    Row(.ambiguousLength, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
    Row(.ambiguousLength, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"),
  ]

  static let chunks: [Row] = [
    "\r\n", "g\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n", "+5\r\nhello\r\n", "-1\r\n",
    "5\nhello\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhell\r\n0\r\n\r\n", "1234567890123456\r\n",
    "5;a\u{1}\r\nhello\r\n",
    "5 a\r\nhello\r\n", "0\r\nX : 1\r\n\r\n", "0\r\nX: 1\n\r\n", "0\r\n\n", ";a\r\n",
    "5;\(String(repeating: "a", count: 600))\r\nhello\r\n",
    String(repeating: "1;\(String(repeating: "e", count: 400))\r\nx\r\n", count: 60),
  ].map { Row(.malformed, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + $0) }

  @Test(arguments: lines + fields + lengths + chunks)
  func isRefused(_ row: Row) {
    for pieceBytes in [Int.max, 1, 2, 3, 7] {
      let error = #expect(throws: HTTP1Error.self) { try readRequests(row.text, pieceBytes: pieceBytes) }
      #expect(error?.kind == row.kind, "pieces of \(pieceBytes): \(String(describing: error))")
    }
  }

  @Test func fieldsBeyondTheLimitsAreRefusedAsTooLarge() {
    func text(_ fields: String, path: String = "/") -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n" }
    let rows = [
      text("\(String(repeating: "n", count: 257)): 1\r\n"),
      text("x: \(String(repeating: "v", count: 32 * 1024 + 1))\r\n"),
      text(String(repeating: "x: \(String(repeating: "v", count: 1000))\r\n", count: 70)),
      text(String(repeating: "a:\r\n", count: 2100)),
      text("", path: "/" + String(repeating: "p", count: 33_000)),
      text("x: " + String(repeating: "v", count: 80_000)),
      "GET / HTTP/1.1\r\nHost: a\r\nx: " + String(repeating: "v", count: 70_000),
      "GET /" + String(repeating: "p", count: 70_000),
    ]
    for row in rows {
      for pieceBytes in [Int.max, 1000] {
        let error = #expect(throws: HTTP1Error.self) { try readRequests(row, pieceBytes: pieceBytes) }
        #expect(error?.kind == .fieldsTooLarge)
      }
    }
  }

  @Test func fieldsAtTheLimitsArePassedOn() throws {
    let fields = """
      \(String(repeating: "n", count: 256)): 1\r\nx: \(String(repeating: "v", count: 32 * 1024))\r\n\
      y: \(String(repeating: "v", count: 31 * 1024))\r\n
      """
    let request = try readRequests("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")[0]
    #expect(request.isComplete)
    #expect(request.head.fields.first("x")?.count == 32 * 1024)
  }

  @Test func trailersBeyondTheLimitsAreRefusedAsTooLarge() {
    let text =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx: \(String(repeating: "v", count: 70_000))\r\n\r\n"
    let error = #expect(throws: HTTP1Error.self) { try readRequests(text, pieceBytes: 100) }
    #expect(error?.kind == .fieldsTooLarge)
  }
}

extension MalformedRequestTests.Row {
  fileprivate var asMalformed: Self { Self(.malformed, text) }
}
