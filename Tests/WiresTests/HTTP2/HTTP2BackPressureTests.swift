import HTTPMessage
import NIOCore
import Testing

@Suite struct HTTP2BackPressureTests {
  private let get = RequestHead(method: "GET", authority: "a", path: "/")
  private let post = RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .unknown)

  @Test func aSlowHandlerStopsItsClientAndNobodyElse() {
    let pair = WirePair(.http2)
    pair.handler.onOpen = { $0.consumesAtOnce = false }
    let slow = pair.send(post, body: ByteBuffer(repeating: 1, count: 2_000_000))
    pair.run()
    #expect(pair.handler.exchanges[0].body.readableBytes == 64 * 1024)
    #expect(slow.consumedRequestBytes == 64 * 1024)
    pair.handler.onOpen = nil
    let quick = pair.send(post, body: ByteBuffer(repeating: 2, count: 2_000_000))
    pair.run()
    #expect(pair.handler.exchanges[1].body.readableBytes == 2_000_000)
    #expect(quick.consumedRequestBytes == 2_000_000)
    pair.handler.exchanges[0].response.requestConsumed(64 * 1024)
    pair.run()
    #expect(pair.handler.exchanges[0].body.readableBytes == 128 * 1024)
  }

  @Test func aSlowReaderStopsItsHandlerAndNobodyElse() {
    let pair = WirePair(.http2)
    pair.consumesResponses = false
    let slow = pair.send(get)
    let quick = pair.send(get)
    pair.run()
    for exchange in pair.handler.exchanges {
      exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
      exchange.response.receiveResponseBody(ByteBuffer(repeating: 1, count: 2_000_000))
    }
    while pair.moveOnce() { quick.consume() }
    #expect(slow.body.readableBytes == 64 * 1024)
    #expect(quick.body.readableBytes == 2_000_000)
    #expect(pair.handler.exchanges[0].consumedResponseBytes == 64 * 1024)
    #expect(pair.handler.exchanges[1].consumedResponseBytes == 2_000_000)
    pair.consumesResponses = true
    pair.run()
    #expect(slow.body.readableBytes == 2_000_000)
  }

  @Test func stalledReadersLeaveRoomForOthersUpToTheVacancy() {
    let pair = WirePair(.http2)
    pair.consumesResponses = false
    pair.run()
    var count = 0
    while pair.client.vacancy > 1 {
      pair.send(get)
      count += 1
    }
    #expect(count == 383)
    pair.run()
    for exchange in pair.handler.exchanges {
      exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
      exchange.response.receiveResponseBody(ByteBuffer(repeating: 1, count: 1_000_000))
    }
    pair.run()
    #expect(pair.responses.allSatisfy { $0.body.readableBytes == 64 * 1024 })
    let last = pair.send(get)
    pair.run()
    pair.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    pair.handler.last.response.receiveResponseBody(ByteBuffer(repeating: 1, count: 1_000_000))
    while pair.moveOnce() { last.consume() }
    #expect(last.body.readableBytes == 1_000_000)
    #expect(pair.client.vacancy == 0)
  }

  @Test func whatACancelledExchangeHeldIsGivenBack() {
    let pair = WirePair(.http2)
    pair.handler.onOpen = { $0.consumesAtOnce = false }
    // Sixty windows are more than the connection's window: without the credit of the dead the last would stall.
    for _ in 0..<200 {
      let response = pair.send(post, body: ByteBuffer(repeating: 1, count: 300_000), ends: false)
      pair.run()
      #expect(pair.handler.last.body.readableBytes == 64 * 1024)
      response.request?.cancel(.cancelled)
      pair.run()
    }
    #expect(pair.server.openExchangeCount == 0)
  }
}
