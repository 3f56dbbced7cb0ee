import HTTP1
import HTTPMessage
import Testing

@Suite struct RequestReadingTests {
  struct Target: Sendable, CustomTestStringConvertible {
    var line: String
    var host: String
    var scheme: String? = "http"
    var authority: String?
    var path: String?
    var testDescription: String { line }
  }

  @Test(arguments: [
    Target(line: "GET / HTTP/1.1", host: "a.example", authority: "a.example", path: "/"),
    Target(line: "GET /a%20b?c=d&e HTTP/1.1", host: "a.example:8080", authority: "a.example:8080", path: "/a%20b?c=d&e"),
    Target(line: "GET http://b.example/x HTTP/1.1", host: "a.example", authority: "b.example", path: "/x"),
    Target(line: "GET HTTPS://b.example?q HTTP/1.1", host: "a.example", scheme: "https", authority: "b.example", path: "/?q"),
    Target(line: "GET http://b.example HTTP/1.1", host: "b.example", authority: "b.example", path: "/"),
    Target(line: "OPTIONS http://b.example HTTP/1.1", host: "b.example", authority: "b.example", path: "*"),
    Target(line: "OPTIONS * HTTP/1.1", host: "a.example", authority: "a.example", path: "*"),
    Target(line: "CONNECT c.example:443 HTTP/1.1", host: "c.example", scheme: nil, authority: "c.example:443", path: nil),
    Target(line: "CONNECT [2001:db8::1]:443 HTTP/1.1", host: "x", scheme: nil, authority: "[2001:db8::1]:443", path: nil),
    Target(line: "GET / HTTP/1.1", host: "[::1]:80", authority: "[::1]:80", path: "/"),
    Target(line: "GET / HTTP/1.1", host: "", authority: nil, path: "/"),
  ])
  func everyFormOfTargetIsUnderstood(_ target: Target) throws {
    let request = try readRequests("\(target.line)\r\nHost: \(target.host)\r\n\r\n")[0]
    #expect(request.head.fields.text(.scheme) == target.scheme)
    #expect(request.head.fields.text(.authority) == target.authority)
    #expect(request.head.fields.text(.path) == target.path)
    #expect(!request.head.fields.contains(.host))
  }

  @Test func pseudoFieldsComeFirstAndNamesBecomeLowerCase() throws {
    let request = try readRequests("GET / HTTP/1.1\r\nX-One: 1\r\nHost: a\r\nX-TWO:  2 \r\n\r\n")[0]
    let names = request.head.fields.map { String(decoding: $0.name, as: UTF8.self) }
    #expect(names == [":authority", ":method", ":scheme", ":path", "x-one", "x-two"])
    #expect(request.head.fields.text("x-two") == "2")
  }

  @Test func bytesOutsideASCIIStayAsTheyAre() throws {
    var parser = HTTP1RequestParser(isSecure: true)
    parser.receive(.init(bytes: Array("GET / HTTP/1.1\r\nHost: a\r\nX-A: ".utf8) + [0xe9, 0xff, 0x80] + Array("\r\n\r\n".utf8)))
    guard case .head(let head, _)? = try parser.next() else {
      Issue.record("no head")
      return
    }
    #expect(head.fields.first("x-a").map(Array.init) == [0xe9, 0xff, 0x80])
    #expect(head.fields.text(.scheme) == "https")
  }

  @Test func whatBelongsToTheConnectionIsNotPassedOn() throws {
    let request = try readRequests(
      """
      GET / HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive, X-Mine ,te\r\nKeep-Alive: 5\r\nx-mine: 1\r\nX-Other: 2\r\n\
      Upgrade: h2c\r\nHTTP2-Settings: AAA\r\nProxy-Connection: x\r\nTE: gzip, Trailers;q=1, trailers\r\n\r\n
      """)[0]
    let names = request.head.fields.map { String(decoding: $0.name, as: UTF8.self) }
    #expect(names == [":authority", ":method", ":scheme", ":path", "x-other", "te"])
    #expect(request.head.fields.text(.te) == "trailers")
  }

  @Test func otherTransferCodingsThanTrailersAreNotAskedFor() throws {
    let request = try readRequests("GET / HTTP/1.1\r\nHost: a\r\nTE: deflate\r\n\r\n")[0]
    #expect(!request.head.fields.contains(.te))
  }

  struct Persistence: Sendable {
    var version: String
    var connection: String
    var keepsAlive: Bool
  }

  @Test(arguments: [
    Persistence(version: "1.1", connection: "", keepsAlive: true),
    Persistence(version: "1.1", connection: "Connection: close\r\n", keepsAlive: false),
    Persistence(version: "1.1", connection: "Connection: x, CLOSE\r\n", keepsAlive: false),
    Persistence(version: "1.0", connection: "", keepsAlive: false),
    Persistence(version: "1.0", connection: "Connection: Keep-Alive\r\n", keepsAlive: true),
    Persistence(version: "1.0", connection: "Connection: keep-alive\r\nConnection: close\r\n", keepsAlive: false),
  ])
  func persistenceFollowsVersionAndConnection(_ row: Persistence) throws {
    let request = try readRequests("GET / HTTP/\(row.version)\r\nHost: a\r\n\(row.connection)\r\n")[0]
    #expect(request.traits.keepsAlive == row.keepsAlive)
    #expect(request.traits.isHTTP10 == (row.version == "1.0"))
  }

  @Test func contentIsDelimitedByLength() throws {
    let requests = try readRequests(
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloPOST /2 HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\n\r\n")
    #expect(requests.map(\.body) == ["hello", ""])
    #expect(requests[0].head.bodyLength == .known(5))
    #expect(requests[1].head.bodyLength == .none)
    #expect(requests[1].head.fields.text(.contentLength) == "0")
    #expect(requests.allSatisfy { $0.isComplete })
  }

  @Test func equalLengthsAreOne() throws {
    let request = try readRequests("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\ncontent-length: 2\r\n\r\nhi")[0]
    #expect(request.body == "hi")
    #expect(request.head.fields.all(.contentLength).count == 1)
  }

  @Test func contentIsDelimitedByChunks() throws {
    let request = try readRequests(
      """
      POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b;c="d"\r\nhello\r\n\
      00001 \t; x\r\n,\r\nA\r\n1234567890\r\n\
      0\r\nX-Sum: 7\r\nContent-Length: 9\r\nAuthorization: x\r\nHost: b\r\n\r\n
      """)[0]
    #expect(request.body == "hello,1234567890")
    #expect(request.head.bodyLength == .unknown)
    #expect(!request.head.fields.contains(.transferEncoding))
    #expect(request.trailers == ["x-sum": "7"])
  }

  @Test func aFewEmptyLinesBeforeARequestAreForgiven() throws {
    let requests = try readRequests(
      "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", pieceBytes: 1)
    #expect(requests.count == 2)
  }

  @Test func everythingReadsTheSameWhereverItIsCut() throws {
    let text = """
      POST http://b.example/x?y HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n\
      3;x=y\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX-T: 1\r\n\r\n\r\n\
      GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n\
      POST /z HTTP/1.1\r\nHost: c\r\nContent-Length: 11\r\n\r\nhello world
      """
    let whole = try readRequests(text)
    #expect(whole.count == 3)
    #expect(whole.allSatisfy { $0.isComplete })
    for pieceBytes in 1...text.utf8.count {
      #expect(try readRequests(text, pieceBytes: pieceBytes) == whole, "pieces of \(pieceBytes)")
    }
  }

  @Test func connectTurnsTheConnectionIntoATunnel() throws {
    let request = try readRequests("CONNECT c:443 HTTP/1.1\r\nHost: c:443\r\n\r\nGET / HTTP/1.1\r\n\r\n", pieceBytes: 7)[0]
    #expect(request.traits.isConnect)
    #expect(request.head.bodyLength == .unknown)
    #expect(request.body == "GET / HTTP/1.1\r\n\r\n")
    #expect(!request.isComplete)
  }
}
