import Events
import Exchange
import HTTPMessage
import NIOCore
import Testing

/// What a client of the HTTP/2 server wire sees; the client is our own origin wire.
@Suite struct HTTP2ServerTests {
  private let get = RequestHead(method: "GET", authority: "a", path: "/")
  private let post = RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .unknown)

  @Test func aCancelReachesTheHandlerAtOnceWhateverTheState() {
    for state in 0..<4 {
      let pair = WirePair(.http2)
      let response = pair.send(post, body: ByteBuffer(string: "x"), ends: state == 1)
      pair.run()
      let exchange = pair.handler.last
      if state >= 2 { exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown)) }
      if state == 3 { exchange.response.receiveResponseBody(ByteBuffer(repeating: 1, count: 2_000_000)) }
      pair.run()
      response.request?.cancel(.cancelled)
      pair.run()
      #expect(exchange.cancelReason == .cancelled, "state \(state)")
      #expect(pair.server.openExchangeCount == 0)
      #expect(pair.client.openExchangeCount == 0)
      exchange.response.receiveResponseBody(ByteBuffer(string: "late"))
      exchange.response.receiveResponseEnd(trailers: nil)
      pair.run()
    }
  }

  @Test func aLostConnectionCancelsAllExchanges() {
    for isEnd in [true, false] {
      let pair = WirePair(.http2)
      for _ in 0..<5 { pair.send(get) }
      pair.run()
      if isEnd { pair.server.receivedEnd() } else { pair.server.connectionClosed() }
      #expect(pair.handler.exchanges.allSatisfy { $0.cancelReason == .connectionLost })
      #expect(pair.server.wantsClose)
      for exchange in pair.handler.exchanges { exchange.answer(200, body: "late") }
      #expect(pair.server.nextOutput() == nil)
    }
  }

  @Test func aFailureBeforeTheHeadIsAnAnswer() {
    let pair = WirePair(.http2)
    let response = pair.send(post, body: ByteBuffer(string: "x"), ends: false)
    pair.run()
    pair.handler.last.response.fail(GatewayError(.connectionTimeout, side: .origin, message: "no answer"))
    pair.run()
    #expect(response.head?.status == 504)
    #expect(response.head?.fields.text(.proxyStatus) == "edge; error=connection_timeout; details=\"no answer\"")
    #expect(response.text == "edge: no answer\n")
    #expect(response.isEnded)
    #expect(response.stopReason == .noError)
    #expect(pair.server.openExchangeCount == 0)
    #expect(pair.handler.last.cancelReason == nil)
  }

  @Test func aFailureForAGRPCClientIsTrailersOnly() {
    let pair = WirePair(.http2)
    var head = post
    head.fields.append(.contentType, "application/grpc")
    let response = pair.send(head, body: ByteBuffer(string: "x"))
    pair.run()
    pair.handler.last.response.fail(GatewayError(.connectionRefused, side: .origin, message: "down"))
    pair.run()
    #expect(response.head?.status == 200)
    #expect(response.head?.fields.text(.grpcStatus) == "14")
    #expect(response.head?.bodyLength == BodyLength.none)
  }

  @Test func aFailureWhileTheExchangeIsOpenedIsAnAnswer() {
    let pair = WirePair(.http2)
    pair.handler.onOpen = { $0.response.fail(GatewayError(.destinationNotFound, side: .client, message: "no such service")) }
    let response = pair.send(post, body: ByteBuffer(repeating: 1, count: 1_000_000))
    pair.run()
    #expect(response.head?.status == 404)
    #expect(response.isEnded)
    #expect(pair.handler.last.body.readableBytes == 0)
    #expect(pair.server.openExchangeCount == 0)
  }

  @Test func aFailureBehindTheHeadIsAReset() {
    let pair = WirePair(.http2)
    let response = pair.send(get)
    pair.run()
    let sink = pair.handler.last.response
    sink.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    sink.receiveResponseBody(ByteBuffer(string: "part"))
    pair.run()
    sink.fail(GatewayError(.httpResponseIncomplete, side: .origin, message: "the origin died"))
    pair.run()
    #expect(response.text == "part")
    #expect(!response.isEnded)
    #expect(response.error?.cause == .httpResponseIncomplete)
    #expect(pair.handler.last.cancelReason == nil)
    #expect(pair.server.openExchangeCount == 0)
  }

  @Test func anEarlyAnswerIsWholeAndTheRestIsDropped() {
    let pair = WirePair(.http2)
    let response = pair.send(post, body: ByteBuffer(repeating: 1, count: 3_000_000), ends: false)
    _ = pair.moveOnce()
    let exchange = pair.handler.last
    exchange.answer(413, body: "too large")
    exchange.response.stopRequest(.noError)
    pair.run()
    #expect(response.text == "too large")
    #expect(response.isEnded)
    #expect(response.stopReason == .noError)
    #expect(exchange.cancelReason == .noError)
    #expect(pair.server.openExchangeCount == 0)
  }

  @Test func aRequestGoesOnBehindItsAnswer() {
    let pair = WirePair(.http2)
    let response = pair.send(post, body: ByteBuffer(string: "one"), ends: false)
    pair.run()
    let exchange = pair.handler.last
    exchange.answer(200, body: "early")
    pair.run()
    #expect(response.isEnded)
    #expect(response.stopReason == nil)
    response.request?.receiveRequestBody(ByteBuffer(string: "two"))
    response.request?.receiveRequestEnd(trailers: nil)
    pair.run()
    #expect(String(buffer: exchange.body) == "onetwo")
    #expect(exchange.isEnded)
    #expect(exchange.cancelReason == nil)
    #expect(pair.server.openExchangeCount == 0)
  }

  @Test func fieldsBeyondTheLimitsAreAnswered431() {
    let pair = WirePair(.http2)
    var head = get
    head.fields.append(name: "x".utf8, value: [UInt8](repeating: 0x61, count: 33_000))
    let response = pair.send(head)
    pair.run()
    #expect(response.head?.status == 431)
    #expect(response.isEnded)
    #expect(pair.events.refusals == [.fieldsTooLarge])
    #expect(pair.handler.exchanges.isEmpty)
    let next = pair.send(get)
    pair.run()
    pair.handler.last.answer(200, body: "x")
    pair.run()
    #expect(next.text == "x")
  }

  @Test func whatIsMalformedIsToldAndReset() {
    let pair = WirePair(.http2)
    var head = get
    head.fields.append(.host, "other")
    let response = pair.send(head)
    pair.run()
    #expect(response.error != nil)
    #expect(pair.events.refusals == [.malformed])
    #expect(pair.handler.exchanges.isEmpty)
  }

  @Test func drainingFinishesWhatIsOpenAndThenCloses() {
    let pair = WirePair(.http2)
    let response = pair.send(get)
    pair.run()
    pair.server.drain()
    pair.run()
    #expect(!pair.server.wantsClose)
    #expect(!pair.client.wantsClose)
    #expect(pair.client.vacancy == 0)
    #expect(!pair.client.isReusable)
    pair.handler.last.answer(200, body: "x")
    pair.run()
    #expect(response.isEnded)
    #expect(pair.server.wantsClose)
    #expect(pair.client.wantsClose)
  }

  @Test func anIdleConnectionEndsWithGoAway() {
    let pair = WirePair(.http2)
    let response = pair.send(get)
    pair.run()
    #expect(pair.server.deadline == nil)
    pair.handler.last.answer(200)
    pair.run()
    #expect(response.isEnded)
    guard let deadline = pair.server.deadline else {
      Issue.record("an idle connection without an end")
      return
    }
    pair.server.handleTimeout(now: deadline)
    pair.run()
    #expect(pair.server.wantsClose)
    #expect(pair.client.vacancy == 0)
  }

  @Test func aClientThatDoesNotAcknowledgeTheEndIsNotWaitedForWithoutEnd() throws {
    let pair = WirePair(.http2)
    pair.send(get)
    pair.run()
    pair.handler.last.answer(200)
    pair.run()
    pair.server.handleTimeout(now: try #require(pair.server.deadline))
    // The notice and its PING are lost on a client that opens one stream more.
    while pair.server.nextOutput() != nil {}
    pair.send(get)
    while let bytes = pair.client.nextOutput() { pair.server.receive(bytes) }
    #expect(pair.handler.exchanges.count == 2)
    #expect(pair.server.deadline == nil)
    pair.handler.last.answer(200)
    while pair.server.nextOutput() != nil {}
    #expect(pair.server.openExchangeCount == 0)
    #expect(!pair.server.wantsClose)
    pair.server.handleTimeout(now: try #require(pair.server.deadline))
    while pair.server.nextOutput() != nil {}
    #expect(pair.server.wantsClose)
  }
}
