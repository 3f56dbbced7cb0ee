import Exchange
import HTTPMessage
import NIOCore
import Testing

/// HTTP/2 origin wire and server wire against each other.
@Suite struct HTTP2PairTests {
  @Test func aRequestWithoutContentIsAnswered() {
    let pair = WirePair(.http2)
    let response = pair.send(RequestHead(method: "GET", authority: "a.example", path: "/x"))
    pair.run()
    let exchange = pair.handler.last
    #expect(exchange.request.head.bodyLength == .none)
    #expect(exchange.request.head.fields.text(.path) == "/x")
    #expect(exchange.isEnded)
    exchange.answer(200, fields: ["x-a": "1"], body: "hello")
    pair.run()
    #expect(response.head?.status == 200)
    #expect(response.head?.fields.text("x-a") == "1")
    #expect(response.text == "hello")
    #expect(response.isEnded)
    #expect(pair.client.openExchangeCount == 0)
    #expect(pair.server.openExchangeCount == 0)
    #expect(exchange.consumedResponseBytes == 5)
    #expect(exchange.cancelReason == nil)
  }

  @Test func contentAndTrailersCrossBothWays() {
    let pair = WirePair(.http2, seed: 7, maximumPieceBytes: 9)
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

  @Test func trailersBehindAKnownLengthOfZeroCross() {
    let pair = WirePair(.http2)
    let response = pair.send(
      RequestHead(method: "POST", authority: "a", path: "/", fields: ["content-length": "0"], bodyLength: .known(0)))
    pair.run()
    #expect(pair.handler.last.isEnded)
    pair.handler.last.answer(200, fields: ["content-length": "0"], trailers: ["grpc-status": "5"], length: .known(0))
    pair.run()
    #expect(response.head?.bodyLength == .known(0))
    #expect(response.trailers == ["grpc-status": "5"])
    #expect(response.isEnded)
    #expect(pair.server.openExchangeCount == 0)
    #expect(pair.client.openExchangeCount == 0)
  }

  @Test func interimResponsesWithoutEndAreRefused() {
    let pair = WirePair(.http2)
    let response = pair.send(RequestHead(method: "GET", authority: "a", path: "/"))
    pair.run()
    for _ in 0...MessageLimits.defaults.interimResponses {
      pair.handler.last.response.receiveInterim(ResponseHead(status: 103))
      pair.run()
    }
    #expect(response.interims.count == MessageLimits.defaults.interimResponses)
    #expect(response.error?.cause == .httpProtocolError)
    #expect(response.error?.status == 502)
    #expect(pair.events.refusals == [.malformed])
  }
}
