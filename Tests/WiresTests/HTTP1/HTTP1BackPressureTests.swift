import HTTPMessage
import NIOCore
import Testing

@Suite struct HTTP1BackPressureTests {
  @Test func aSlowHandlerStopsItsClient() {
    let client = RawClient()
    client.handler.onOpen = { $0.consumesAtOnce = false }
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
    while client.wire.wantsBytes { client.send(String(repeating: "b", count: 16_384)) }
    let exchange = client.handler.last
    #expect((64 * 1024..<64 * 1024 + 16_384).contains(exchange.body.readableBytes))
    exchange.response.requestConsumed(30_000)
    #expect(client.wire.wantsBytes)
  }

  @Test func aStoppedRequestStopsNothing() {
    let client = RawClient()
    client.handler.onOpen = { $0.consumesAtOnce = false }
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + String(repeating: "b", count: 300_000))
    #expect(!client.wire.wantsBytes)
    client.handler.last.response.stopRequest(.noError)
    #expect(client.wire.wantsBytes)
  }

  @Test func contentIsReportedConsumedWhenItIsTaken() {
    let client = RawClient()
    client.send(RawClient.get)
    let exchange = client.handler.last
    exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    exchange.response.receiveResponseBody(ByteBuffer(repeating: 0x61, count: 300_000))
    exchange.response.receiveResponseBody(ByteBuffer(repeating: 0x62, count: 10))
    #expect(exchange.consumedResponseBytes == 0)
    var taken: [Int] = []
    while let piece = client.wire.nextOutput() { taken.append(piece.readableBytes) }
    #expect(taken.allSatisfy { $0 <= 70_000 })
    #expect(taken.count >= 5)
    #expect(exchange.consumedResponseBytes == 300_010)
  }

  @Test func aSlowReaderStopsItsOrigin() {
    let pair = WirePair(.http1)
    pair.consumesResponses = false
    let response = pair.send(RequestHead(method: "GET", authority: "a", path: "/"))
    pair.run()
    let exchange = pair.handler.last
    exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    exchange.response.receiveResponseBody(ByteBuffer(repeating: 0x61, count: 2_000_000))
    pair.run()
    #expect(!pair.client.wantsBytes)
    #expect(response.body.readableBytes < 500_000)
    #expect(exchange.consumedResponseBytes < 600_000)
    pair.consumesResponses = true
    pair.run()
    #expect(response.body.readableBytes == 2_000_000)
  }
}
