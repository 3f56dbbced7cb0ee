import HTTP1
import HTTPMessage
import NIOCore
import Testing

/// `Upgrade` (RFC 9110 §7.8) as extended CONNECT, both ways.
@Suite struct UpgradeTests {
  private static let key = "dGhlIHNhbXBsZSBub25jZQ=="

  private static func request(
    _ protocolName: String = "websocket", line: String = "GET /chat?x HTTP/1.1", connection: String = "keep-alive, Upgrade",
    more: String = "Sec-WebSocket-Key: \(key)\r\n"
  ) -> String {
    "\(line)\r\nHost: a.example\r\nConnection: \(connection)\r\nUpgrade: \(protocolName)\r\n\(more)\r\n"
  }

  @Test(arguments: [1, 7, .max])
  func aRequestForAnotherProtocolIsAnExtendedConnect(pieceBytes: Int) throws {
    let request = Self.request("WebSocket", more: "Sec-WebSocket-Key: \(Self.key)\r\nOrigin: x\r\n")
    let read = try readRequests(request, pieceBytes: pieceBytes)
    let head = try #require(read.first).head
    #expect(head.isConnect)
    #expect(head.fields.text(.protocol) == "websocket")
    #expect(head.fields.text(.scheme) == "http")
    #expect(head.fields.text(.path) == "/chat?x")
    #expect(head.fields.text(.authority) == "a.example")
    #expect(head.fields.text("origin") == "x")
    #expect(!head.fields.contains(.secWebSocketKey))
    #expect(head.bodyLength == .unknown)
    #expect(read[0].traits.upgrade == HTTP1Upgrade(protocolName: Array("websocket".utf8), webSocketKey: Array(Self.key.utf8)))
    #expect(!read[0].traits.isConnect)
    // Pseudo-header fields come first (RFC 9114 §4.3).
    #expect(head.fields.prefix { $0.name.first == UInt8(ascii: ":") }.count == 5)
  }

  @Test func bytesBehindItWaitForTheAnswer() throws {
    for isAccepted in [true, false] {
      var parser = HTTP1RequestParser(isSecure: false)
      parser.receive(ByteBuffer(string: Self.request() + "GET / HTTP/1.1\r\nHost: b\r\n\r\n"))
      _ = try parser.next()
      #expect(try parser.next() == nil)
      parser.answerUpgrade(isAccepted: isAccepted)
      switch try #require(try parser.next()) {
      case .body(let bytes): #expect(isAccepted && String(buffer: bytes).hasPrefix("GET / "))
      case .head(let head, _): #expect(!isAccepted && head.fields.text(.authority) == "b")
      case .end: Issue.record("an end of nothing")
      }
    }
  }

  @Test(arguments: [
    request("h2c"), request("h2"), request("HTTP/2.0"), request("TLS/1.2"), request("a b"), request("/x"), request(""),
    request(connection: "keep-alive"), request(line: "POST /chat HTTP/1.1"), request(line: "GET /chat HTTP/1.0"),
    request(line: "OPTIONS * HTTP/1.1"), request(more: "Content-Length: 1\r\n") + "x",
    request(more: "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n",
  ])
  func whatNoTunnelCanSayIsIgnored(text: String) throws {
    let read = try readRequests(text)
    #expect(read.count == 1 && read[0].isComplete)
    #expect(read[0].traits.upgrade == nil)
    #expect(!read[0].head.isConnect)
    #expect(!read[0].head.fields.contains(.upgrade))
  }

  @Test func theFirstOfferThatATunnelCanCarryCounts() throws {
    #expect(try readRequests(Self.request("h2c, chat/2, websocket"))[0].traits.upgrade?.protocolName == Array("chat/2".utf8))
  }

  @Test(arguments: ["", "Sec-WebSocket-Key: short\r\n", "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Key: \(key)\r\n"])
  func aWebSocketHasOneKey(more: String) {
    #expect(throws: HTTP1Error.self) { try readRequests(Self.request(more: more)) }
  }

  // MARK: Towards an origin

  private static let chat = HTTP1RequestTraits(upgrade: HTTP1Upgrade(protocolName: Array("chat".utf8)))

  @Test func anExtendedConnectIsWrittenAsAGet() throws {
    var head = RequestHead(
      method: "CONNECT", authority: "a.example", path: "/chat", fields: ["te": "trailers", "x-a": "1"], bodyLength: .unknown)
    head.fields.prepend(.protocol, Array("websocket".utf8))
    var buffer = ByteBuffer()
    #expect(try buffer.writeHTTP1RequestHead(head) == .untilClose)
    #expect(
      String(buffer: buffer)
        == "GET /chat HTTP/1.1\r\nhost: a.example\r\nte: trailers\r\nx-a: 1\r\n"
        + "connection: te, upgrade\r\nupgrade: websocket\r\n\r\n")
  }

  @Test func aProtocolsNameCannotEndItsLine() {
    var head = RequestHead(method: "CONNECT", authority: "a", path: "/", bodyLength: .unknown)
    head.fields.prepend(.protocol, Array("x\r\nevil: 1".utf8))
    var buffer = ByteBuffer()
    #expect(throws: HTTP1Error.self) { try buffer.writeHTTP1RequestHead(head) }
    #expect(buffer.readableBytes == 0)
  }

  @Test func aSwitchIsSuccessAndTheRestIsTheTunnel() throws {
    let read = try readResponse(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: Chat\r\nContent-Length: 3\r\nX-A: 1\r\n\r\nbytes\r\n",
      to: Self.chat, ends: true)
    #expect(read.head?.status == 200)
    #expect(read.head?.fields.text(.status) == "200")
    #expect(read.head?.fields.text("x-a") == "1")
    #expect(read.head?.fields.contains(.contentLength) == false)
    #expect(!read.keepsAlive)
    #expect(read.body == "bytes\r\n")
    #expect(read.isComplete)
  }

  @Test(arguments: [
    "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n", "HTTP/1.1 101 x\r\nUpgrade: chat\r\n\r\n",
    "HTTP/1.1 101 x\r\nConnection: Upgrade\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 x\r\n\r\n",
  ])
  func aSwitchMustBeTheOneThatWasAskedFor(text: String) {
    #expect(throws: HTTP1Error.self) { try readResponse(text, to: Self.chat) }
  }

  @Test func aRefusalIsAnAnswerLikeAnyOther() throws {
    let read = try readResponse("HTTP/1.1 426 x\r\nContent-Length: 2\r\n\r\nno", to: Self.chat)
    #expect(read.head?.status == 426)
    #expect(read.body == "no")
  }

  // MARK: Towards a client

  @Test func successIsWrittenAsASwitch() throws {
    var buffer = ByteBuffer()
    var keepsAlive = true
    let head = ResponseHead(status: 200, fields: ["content-length": "5", "x-a": "1"], bodyLength: .unknown)
    #expect(try buffer.writeHTTP1ResponseHead(head, to: Self.chat, keepsAlive: &keepsAlive) == .untilClose)
    #expect(
      String(buffer: buffer) == "HTTP/1.1 101 Switching Protocols\r\nx-a: 1\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n")
    #expect(!keepsAlive)
  }

  @Test func aRefusalIsWrittenAsItIs() throws {
    var buffer = ByteBuffer()
    var keepsAlive = true
    let head = ResponseHead(status: 403, bodyLength: .known(2))
    #expect(try buffer.writeHTTP1ResponseHead(head, to: Self.chat, keepsAlive: &keepsAlive) == .length(2))
    #expect(String(buffer: buffer) == "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\n")
    #expect(keepsAlive)
  }
}
