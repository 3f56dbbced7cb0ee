import Events
import Exchange
import HTTPMessage
import NIOCore
import Testing

@Suite struct HTTP1ServerTests {
  @Test func pipelinedRequestsAreAnsweredOneAfterTheOther() {
    let client = RawClient()
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(client.handler.exchanges.count == 1)
    for number in 1...3 {
      #expect(client.handler.exchanges.count == number)
      #expect(client.handler.last.request.head.fields.text(.path) == "/\(number)")
      client.handler.last.answer(200, body: "\(number)")
      #expect(client.received() == "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\(number)")
    }
    #expect(client.wire.openExchangeCount == 0)
  }

  @Test func pipelinedRequestsToAHandlerThatAnswersAtOnceAreAllAnswered() {
    let client = RawClient()
    client.handler.onOpen = { $0.answer(200, body: "x") }
    client.send(String(repeating: RawClient.get, count: 50), pieceBytes: 7)
    #expect(client.handler.exchanges.count == 50)
    #expect(client.received().components(separatedBy: "200 OK").count == 51)
  }

  @Test func aPipeliningClientIsNotBufferedWithoutBound() {
    let client = RawClient()
    client.send(RawClient.get)
    #expect(client.wire.wantsBytes)
    client.send(String(repeating: RawClient.get, count: 3000))
    #expect(!client.wire.wantsBytes)
    #expect(client.handler.exchanges.count == 1)
  }

  @Test func anInterimResponseAndATrailerReachTheClient() {
    let client = RawClient()
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    let exchange = client.handler.last
    #expect(exchange.request.head.fields.text(.expect) == "100-continue")
    exchange.response.receiveInterim(ResponseHead(status: 100))
    #expect(client.received() == "HTTP/1.1 100 Continue\r\n\r\n")
    client.send("hi")
    #expect(exchange.isEnded)
    exchange.answer(200, body: "yo", trailers: ["x-t": "1"])
    #expect(client.received() == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nyo\r\n0\r\nx-t: 1\r\n\r\n")
    client.send(RawClient.get)
    #expect(client.handler.exchanges.count == 2)
  }

  @Test func headIsAnsweredWithoutContent() {
    let client = RawClient()
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    client.handler.last.answer(200, fields: ["content-length": "5"])
    #expect(client.received() == "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    client.handler.last.response.fail(GatewayError(.destinationUnavailable, side: .core, message: "no origin"))
    let answer = client.received()
    #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
    #expect(answer.hasSuffix("\r\n\r\n"))
    client.send(RawClient.get)
    #expect(client.handler.exchanges.count == 3)
  }

  @Test func anOldClientGetsContentUntilTheEnd() {
    let client = RawClient()
    client.send("GET / HTTP/1.0\r\n\r\n")
    client.handler.last.response.receiveInterim(ResponseHead(status: 103))
    client.handler.last.answer(200, body: "text", length: .unknown)
    #expect(client.received() == "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\ntext")
    #expect(client.wire.wantsClose)
    #expect(!client.wire.closesAbruptly)
  }

  @Test func anOldClientMayKeepTheConnection() {
    let client = RawClient()
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    client.handler.last.answer(200, body: "text")
    #expect(client.received() == "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: keep-alive\r\n\r\ntext")
    #expect(!client.wire.wantsClose)
  }

  @Test func aClientThatEndsItsSideBehindARequestGetsItsAnswer() {
    let client = RawClient()
    client.send(RawClient.get)
    client.wire.receivedEnd()
    #expect(!client.wire.wantsClose)
    #expect(client.handler.last.cancelReason == nil)
    client.handler.last.answer(200, body: "x")
    #expect(client.received().hasSuffix("\r\n\r\nx"))
    #expect(client.wire.wantsClose)
  }

  @Test func requestsBufferedBeforeTheEndAreStillAnswered() {
    let client = RawClient()
    client.send(RawClient.get + RawClient.get)
    client.wire.receivedEnd()
    client.handler.last.answer(200, body: "1")
    client.take()
    #expect(client.handler.exchanges.count == 2)
    client.handler.last.answer(200, body: "2")
    #expect(client.received().hasSuffix("2"))
    #expect(client.wire.wantsClose)
  }

  @Test func aClientThatEndsInsideARequestCancelsIt() {
    let client = RawClient()
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
    client.wire.receivedEnd()
    #expect(client.handler.last.cancelReason == .incomplete)
    #expect(client.wire.wantsClose)
  }

  @Test func aLostConnectionCancelsWhateverItsState() {
    for text in [RawClient.get, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"] {
      for hasHead in [false, true] {
        let client = RawClient()
        client.send(text)
        if hasHead { client.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown)) }
        client.wire.connectionClosed()
        #expect(client.handler.last.cancelReason == .connectionLost)
        #expect(client.wire.openExchangeCount == 0)
        // Late calls of the handler do nothing.
        client.handler.last.response.receiveResponseBody(ByteBuffer(string: "late"))
        client.handler.last.response.receiveResponseEnd(trailers: nil)
        #expect(client.received() == "")
      }
    }
  }

  @Test func anEarlyAnswerClosesTheConnection() {
    let client = RawClient()
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\nhe")
    let exchange = client.handler.last
    exchange.answer(413, body: "too large")
    exchange.response.stopRequest(.noError)
    #expect(client.received() == "HTTP/1.1 413 Content Too Large\r\ncontent-length: 9\r\nconnection: close\r\n\r\ntoo large")
    #expect(client.wire.wantsClose)
    #expect(!client.wire.closesAbruptly)
    client.send("more")
    #expect(String(buffer: exchange.body) == "he")
  }

  @Test func aRequestGoesOnBehindItsAnswerUntilItEnds() {
    let client = RawClient()
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
    let exchange = client.handler.last
    exchange.answer(200, body: "early")
    #expect(client.received().hasSuffix("early"))
    #expect(!client.wire.wantsClose)
    client.send("llo")
    #expect(String(buffer: exchange.body) == "hello")
    #expect(exchange.isEnded)
    #expect(exchange.cancelReason == nil)
    client.take()
    #expect(client.wire.wantsClose)
  }

  @Test func aRequestThatNeverEndsBehindItsAnswerIsGivenUp() {
    let client = RawClient()
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
    client.handler.last.answer(200, body: "early")
    client.take()
    client.pass(.seconds(9))
    client.send("l")
    client.pass(.seconds(9))
    #expect(!client.wire.wantsClose)
    client.pass(.seconds(2))
    #expect(client.handler.last.cancelReason == .incomplete)
    #expect(client.wire.wantsClose)
  }

  @Test func aFailureBeforeTheHeadIsAnsweredAndTheConnectionKept() {
    let client = RawClient()
    client.send(RawClient.get)
    client.handler.last.response.fail(GatewayError(.connectionRefused, side: .origin, message: "nobody listens"))
    let answer = client.received()
    #expect(
      answer.hasPrefix("HTTP/1.1 502 Bad Gateway\r\nproxy-status: edge; error=connection_refused; details=\"nobody listens\"\r\n")
    )
    #expect(answer.hasSuffix("\r\n\r\nedge: nobody listens\n"))
    #expect(!client.wire.wantsClose)
    #expect(client.handler.last.cancelReason == nil)
    client.send(RawClient.get)
    #expect(client.handler.exchanges.count == 2)
  }

  @Test func aFailureWhileTheExchangeIsOpenedIsAnswered() {
    let client = RawClient()
    client.handler.onOpen = { $0.response.fail(GatewayError(.destinationNotFound, side: .client, message: "no such service")) }
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" + RawClient.get)
    let answer = client.received()
    #expect(answer.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
    #expect(answer.contains("connection: close"))
    #expect(client.wire.wantsClose)
  }

  @Test func aFailureBehindTheHeadCannotBeTakenForTheEnd() {
    for length in [BodyLength.unknown, .known(10)] {
      let client = RawClient()
      client.send(RawClient.get)
      let response = client.handler.last.response
      response.receiveHead(ResponseHead(status: 200, bodyLength: length))
      response.receiveResponseBody(ByteBuffer(string: "part"))
      response.fail(GatewayError(.httpResponseIncomplete, side: .origin, message: "the origin died"))
      let answer = client.received()
      #expect(answer.contains("part"))
      #expect(!answer.hasSuffix("0\r\n\r\n"))
      #expect(client.wire.wantsClose)
      #expect(client.wire.closesAbruptly)
    }
  }

  @Test func anAnswerThatWasCutOffDoesNotWaitForAClientThatReadsNothing() {
    let client = RawClient()
    client.wire.receive(ByteBuffer(string: RawClient.get))
    let response = client.handler.last.response
    response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    response.receiveResponseBody(ByteBuffer(repeating: 1, count: 1_000_000))
    response.fail(GatewayError(.httpResponseIncomplete, side: .origin, message: "the origin died"))
    #expect(client.wire.wantsClose)
    #expect(client.wire.closesAbruptly)
  }

  @Test func anAnswerThatDoesNotFitItsLengthIsCutOff() {
    for body in ["too long", "sho"] {
      let client = RawClient()
      client.send(RawClient.get)
      client.handler.last.answer(200, body: body, length: .known(5))
      #expect(!client.received().contains("too long"))
      #expect(client.wire.wantsClose)
      #expect(client.wire.closesAbruptly)
    }
  }

  @Test func anAnswerThatHTTP1CannotSayBecomesAnError() {
    let client = RawClient()
    client.send(RawClient.get)
    client.handler.last.response.receiveHead(ResponseHead(status: 200, fields: ["x": "a\r\nb: c"]))
    let answer = client.received()
    #expect(answer.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
    #expect(!answer.contains("b: c"))
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request", MessageRefusal.malformed),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400 Bad Request", .ambiguousLength),
    ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501 Not Implemented", .unsupported),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n", "400 Bad Request", .forbiddenField),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nx: \(String(repeating: "v", count: 40_000))\r\n\r\n", "431 Request Header Fields Too Large",
      .fieldsTooLarge
    ),
  ])
  func whatIsNoRequestIsAnsweredAndClosed(_ text: String, _ status: String, _ refusal: MessageRefusal) {
    let client = RawClient()
    client.send(text + RawClient.get)
    let answer = client.received()
    #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"))
    #expect(answer.contains("\r\nconnection: close\r\n"))
    #expect(client.events.refusals == [refusal])
    #expect(client.handler.exchanges.isEmpty)
    #expect(client.wire.wantsClose)
  }

  @Test func badContentCancelsTheRequestAndIsAnswered() {
    let client = RawClient()
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n")
    #expect(client.handler.last.cancelReason == .malformed)
    #expect(client.received().hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    #expect(client.wire.wantsClose)
  }

  @Test func drainingLetsTheOpenExchangeFinish() {
    let idle = RawClient()
    idle.wire.drain()
    #expect(idle.wire.wantsClose)
    let client = RawClient()
    client.send(RawClient.get)
    client.wire.drain()
    #expect(!client.wire.wantsClose)
    client.handler.last.answer(200, body: "x")
    #expect(client.received() == "HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx")
    #expect(client.wire.wantsClose)
  }

  @Test func connectIsATunnel() {
    let client = RawClient()
    client.send("CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\nearly")
    let exchange = client.handler.last
    #expect(exchange.request.head.isConnect)
    exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    #expect(client.received() == "HTTP/1.1 200 OK\r\n\r\n")
    client.send("up")
    #expect(String(buffer: exchange.body) == "earlyup")
    exchange.response.receiveResponseBody(ByteBuffer(string: "down"))
    #expect(client.received() == "down")
    client.wire.receivedEnd()
    #expect(exchange.isEnded)
    #expect(!client.wire.wantsClose)
    exchange.response.receiveResponseEnd(trailers: nil)
    client.take()
    #expect(client.wire.wantsClose)
  }
}

extension String {
  fileprivate func components(separatedBy separator: String) -> [Substring] {
    split(separator: separator, omittingEmptySubsequences: false)
  }
}
