import Exchange
import HTTPMessage
import NIOCore
import Testing
import Wires

@Suite struct DetectionTests {
  @Test(arguments: [1, 2, 5, 1000])
  func http1IsFoundWhereverItIsCut(_ pieceBytes: Int) {
    let client = RawClient(.detecting)
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", pieceBytes: pieceBytes)
    #expect(client.handler.last.isEnded)
    #expect(client.handler.last.request.origin.wire == .http1)
    #expect(client.handler.last.request.origin.peerAddress == "192.0.2.1:5000")
    client.handler.last.answer(200, body: "x")
    #expect(client.received().hasSuffix("\r\n\r\nx"))
  }

  @Test(arguments: [1, 2, 5, 1000])
  func http2IsFoundWhereverItIsCut(_ pieceBytes: Int) {
    let client = RawClient(.detecting)
    let origin = HTTP2OriginWire(OriginWireContext(name: "o", hop: "h", events: nil))
    let response = FakeResponse()
    let head = RequestHead(method: "GET", authority: "a", path: "/")
    response.request = origin.open(ExchangeRequest(head: head, origin: .test(.http1)), respondingTo: response)
    for _ in 0..<4 {
      while let bytes = origin.nextOutput() {
        var rest = bytes
        while let piece = rest.readSlice(length: min(pieceBytes, rest.readableBytes)), piece.readableBytes > 0 {
          client.wire.receive(piece)
        }
      }
      if let exchange = client.handler.exchanges.first, response.head == nil { exchange.answer(200, body: "x") }
      while let bytes = client.wire.nextOutput() { origin.receive(bytes) }
    }
    #expect(client.handler.last.request.origin.wire == .http2)
    #expect(response.text == "x")
  }

  @Test func aRequestForH2CByUpgradeStaysHTTP1() {
    let client = RawClient(.detecting)
    client.send(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")
    client.handler.last.answer(200, body: "x")
    #expect(client.received() == "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx")
    #expect(client.handler.last.request.head.fields.count == 4)
  }

  @Test func aClientThatSaysNothingIsClosed() {
    let client = RawClient(.detecting)
    client.pass(.seconds(10))
    #expect(client.wire.wantsClose)
    #expect(client.wire.deadline == nil)
  }

  @Test func aPrefaceThatStopsIsClosed() {
    let client = RawClient(.detecting)
    client.send("PRI * HTTP/2.0\r\n\r\nSM")
    client.pass(.seconds(10))
    #expect(client.wire.wantsClose)
    #expect(client.received() == "")
  }

  @Test func aPrefaceThatEndsIsNoRequest() {
    let client = RawClient(.detecting)
    client.send("PRI * HTTP/2.0\r\n\r\n")
    client.wire.receivedEnd()
    #expect(client.received().hasPrefix("HTTP/1.1 501 Not Implemented\r\n"))
    #expect(client.wire.wantsClose)
  }

  @Test func drainingBeforeAnythingWasSaidCloses() {
    let client = RawClient(.detecting)
    client.wire.drain()
    #expect(client.wire.wantsClose)
  }

  @Test func drainingInsideTheFirstBytesStillAnswers() {
    let client = RawClient(.detecting)
    client.send("P")
    client.wire.drain()
    client.send("UT / HTTP/1.1\r\nHost: a\r\n\r\n")
    client.handler.last.answer(200, body: "x")
    #expect(client.received().contains("connection: close"))
    #expect(client.wire.wantsClose)
  }
}
