import Exchange
import HTTPMessage
import NIOCore
import Testing

/// HTTP/1.1 origin wire and server wire against each other.
@Suite struct HTTP1PairTests {
  @Test func aRequestWithoutContentIsAnsweredAndTheConnectionKept() {
    let pair = WirePair(.http1)
    for round in 1...3 {
      let response = pair.send(RequestHead(method: "GET", authority: "a.example", path: "/x"))
      pair.run()
      let exchange = pair.handler.last
      #expect(pair.handler.exchanges.count == round)
      #expect(exchange.request.head.bodyLength == .none)
      #expect(exchange.request.head.fields.text(.path) == "/x")
      #expect(exchange.request.head.fields.text(.authority) == "a.example")
      #expect(exchange.isEnded)
      exchange.answer(200, fields: ["x-a": "1"], body: "hello")
      pair.run()
      #expect(response.head?.status == 200)
      #expect(response.head?.fields.text("x-a") == "1")
      #expect(response.text == "hello")
      #expect(response.isEnded)
      #expect(pair.client.vacancy == 1)
      #expect(pair.server.openExchangeCount == 0)
      #expect(exchange.consumedResponseBytes == 5)
      #expect(exchange.cancelReason == nil)
    }
  }

  @Test func contentAndTrailersCrossBothWays() {
    let pair = WirePair(.http1, seed: 7, maximumPieceBytes: 9)
    let head = RequestHead(method: "POST", authority: "a.example", path: "/", bodyLength: .unknown)
    let response = pair.send(head, body: ByteBuffer(string: "ping"), trailers: ["x-t": "1"])
    pair.run()
    let exchange = pair.handler.last
    #expect(String(buffer: exchange.body) == "ping")
    #expect(exchange.trailers?.text("x-t") == "1")
    exchange.answer(200, body: "pong", trailers: ["grpc-status": "0"])
    pair.run()
    #expect(response.text == "pong")
    #expect(response.trailers?.text(.grpcStatus) == "0")
    #expect(response.consumedRequestBytes == 4)
  }
}
