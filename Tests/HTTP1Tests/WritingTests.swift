import HTTP1
import HTTPMessage
import NIOCore
import Testing

@Suite struct WritingTests {
  private func request(_ head: RequestHead) throws -> (String, HTTP1Framing) {
    var buffer = ByteBuffer()
    let framing = try buffer.writeHTTP1RequestHead(head)
    return (String(buffer: buffer), framing)
  }

  private func response(
    _ head: ResponseHead, to traits: HTTP1RequestTraits = HTTP1RequestTraits()
  ) throws -> (text: String, framing: HTTP1Framing, keepsAlive: Bool) {
    var buffer = ByteBuffer()
    var keepsAlive = traits.keepsAlive
    let framing = try buffer.writeHTTP1ResponseHead(head, to: traits, keepsAlive: &keepsAlive)
    return (String(buffer: buffer), framing, keepsAlive)
  }

  @Test func aRequestHasHostFirstAndNoPseudoFields() throws {
    let head = RequestHead(
      method: "GET", authority: "a.example", path: "/x?y",
      fields: ["accept": "*/*", "host": "b", "connection": "x", "upgrade": "y"])
    let (text, framing) = try request(head)
    #expect(text == "GET /x?y HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\n\r\n")
    #expect(framing == .length(0))
  }

  @Test func cookieCrumbsAreJoined() throws {
    let head = RequestHead(
      method: "GET", authority: "a", path: "/", fields: ["cookie": "a=1", "x": "y", "cookie": "b=2", "cookie": "c=3"])
    #expect(try request(head).0 == "GET / HTTP/1.1\r\nhost: a\r\ncookie: a=1; b=2; c=3\r\nx: y\r\n\r\n")
  }

  @Test func trailersAreAskedForOnThisConnection() throws {
    let head = RequestHead(method: "GET", authority: "a", path: "/", fields: ["te": "trailers"])
    #expect(try request(head).0 == "GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te\r\n\r\n")
  }

  @Test func aRequestsContentIsFramedByWhatIsKnown() throws {
    let known = try request(
      RequestHead(method: "PUT", authority: "a", path: "/", fields: ["content-length": "9"], bodyLength: .known(9)))
    #expect(known.0 == "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n")
    #expect(known.1 == .length(9))
    let unknown = try request(RequestHead(method: "PUT", authority: "a", path: "/", bodyLength: .unknown))
    #expect(unknown.0 == "PUT / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
    #expect(unknown.1 == .chunked)
    let empty = try request(RequestHead(method: "POST", authority: "a", path: "/"))
    #expect(empty.0 == "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")
    let said = try request(RequestHead(method: "POST", authority: "a", path: "/", fields: ["content-length": "0"]))
    #expect(said.0 == "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")
  }

  @Test func aRequestForATunnelNamesTheAuthority() throws {
    var fields = FieldSection()
    fields.append(.method, "CONNECT")
    fields.append(.authority, "a:443")
    let (text, framing) = try request(RequestHead(fields: fields, bodyLength: .unknown))
    #expect(text == "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n")
    #expect(framing == .untilClose)
  }

  @Test(arguments: [
    RequestHead(method: "G T", authority: "a", path: "/"),
    RequestHead(method: "GET", authority: "a", path: "/ HTTP/1.1\r\nx: y"),
    RequestHead(method: "GET", authority: "a\r\nx: y", path: "/"),
    RequestHead(method: "GET", authority: "a", path: "/", fields: ["x": "y\r\nz: 1"]),
    RequestHead(method: "GET", authority: "a", path: "/", fields: ["x": "y\u{0}"]),
    RequestHead(method: "GET", authority: "a", path: "/", fields: ["x: y\r\nz": "1"]),
    RequestHead(method: "GET", authority: "a", path: "/", fields: ["x y": "1"]),
    RequestHead(method: "GET", authority: "a", path: ""),
  ])
  func whatWouldEndALineIsNotWritten(_ head: RequestHead) {
    var buffer = ByteBuffer(string: "before")
    #expect(throws: HTTP1Error.self) { try buffer.writeHTTP1RequestHead(head) }
    #expect(String(buffer: buffer) == "before")
  }

  @Test func aResponseIsFramedForItsClient() throws {
    let plain = try response(ResponseHead(status: 200, fields: ["x": "y"], bodyLength: .known(3)))
    #expect(plain.text == "HTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 3\r\n\r\n")
    let chunked = try response(ResponseHead(status: 404, fields: ["content-length": "7"], bodyLength: .unknown))
    #expect(chunked.text == "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n")
    #expect(chunked.framing == .chunked)
    let old = try response(ResponseHead(status: 200, bodyLength: .unknown), to: HTTP1RequestTraits(isHTTP10: true))
    #expect(old.text == "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
    #expect(old.framing == .untilClose)
    #expect(!old.keepsAlive)
    let oldKept = try response(ResponseHead(status: 200, bodyLength: .known(0)), to: HTTP1RequestTraits(isHTTP10: true))
    #expect(oldKept.text == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n")
    let last = try response(ResponseHead(status: 299), to: HTTP1RequestTraits(keepsAlive: false))
    #expect(last.text == "HTTP/1.1 299 \r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
  }

  @Test func bodylessResponsesKeepTheLengthOfWhatTheyStandFor() throws {
    let head = try response(
      ResponseHead(status: 200, fields: ["content-length": "7"]), to: HTTP1RequestTraits(isHead: true))
    #expect(head.text == "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n")
    #expect(head.framing == .length(0))
    let notModified = try response(ResponseHead(status: 304, fields: ["content-length": "7"]))
    #expect(notModified.text == "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n")
    let noContent = try response(ResponseHead(status: 204, fields: ["content-length": "0"]))
    #expect(noContent.text == "HTTP/1.1 204 No Content\r\n\r\n")
  }

  @Test func interimResponsesHaveNoFraming() throws {
    var buffer = ByteBuffer()
    try buffer.writeHTTP1InterimHead(ResponseHead(status: 103, fields: ["link": "</a>"]))
    #expect(String(buffer: buffer) == "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
  }

  @Test(arguments: [(1, "1"), (15, "f"), (16, "10"), (255, "ff"), (4096, "1000"), (65_535, "ffff"), (1_048_576, "100000")])
  func chunkSizesAreHexadecimal(_ count: Int, _ digits: String) {
    var buffer = ByteBuffer()
    buffer.writeHTTP1ChunkStart(byteCount: count)
    #expect(String(buffer: buffer) == "\(digits)\r\n")
  }

  @Test func trailersFollowTheLastChunk() {
    var buffer = ByteBuffer()
    buffer.writeHTTP1LastChunk(trailers: ["x": "1", "content-length": "5"])
    #expect(String(buffer: buffer) == "0\r\nx: 1\r\n\r\n")
    buffer.clear()
    buffer.writeHTTP1LastChunk(trailers: ["x": "1\r\n"])
    #expect(String(buffer: buffer) == "0\r\n\r\n")
  }
}

extension RequestHead: CustomTestStringConvertible {
  public var testDescription: String { fields.description.debugDescription }
}
