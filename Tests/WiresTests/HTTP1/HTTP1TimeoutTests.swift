import HTTPMessage
import NIOCore
import Testing

@Suite struct HTTP1TimeoutTests {
  @Test func aClientThatSaysNothingIsClosedInSilence() {
    let client = RawClient()
    client.pass(.seconds(9))
    #expect(!client.wire.wantsClose)
    client.pass(.seconds(1))
    #expect(client.wire.wantsClose)
    #expect(client.received() == "")
    #expect(client.events.refusals.isEmpty)
  }

  @Test func aHeadThatDoesNotEndIsAnswered() {
    let client = RawClient()
    for _ in 0..<9 {
      client.send("X")
      client.pass(.seconds(1))
    }
    #expect(!client.wire.wantsClose)
    client.pass(.seconds(1))
    #expect(client.received().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    #expect(client.wire.wantsClose)
    #expect(client.events.refusals == [.timedOut])
  }

  @Test func anIdleConnectionIsKeptForAWhile() {
    let client = RawClient()
    client.send(RawClient.get)
    #expect(client.wire.deadline == nil)
    client.pass(.hours(1))
    client.handler.last.answer(200, body: "x")
    client.take()
    client.pass(.seconds(74))
    #expect(!client.wire.wantsClose)
    client.send("GET")
    client.pass(.seconds(9))
    #expect(!client.wire.wantsClose)
    client.pass(.seconds(1))
    client.take()
    #expect(client.wire.wantsClose)
  }

  @Test func anIdleConnectionEndsInSilence() {
    let client = RawClient()
    client.send(RawClient.get)
    client.handler.last.answer(200, body: "x")
    _ = client.received()
    client.pass(.seconds(75))
    #expect(client.wire.wantsClose)
    #expect(client.received() == "")
  }

  private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n"

  @Test func contentThatStopsComingIsAnswered() {
    let client = RawClient()
    client.send(Self.post + "\r\nhe")
    client.pass(.seconds(59))
    client.send("l")
    client.pass(.seconds(59))
    #expect(!client.wire.wantsClose)
    client.pass(.seconds(1))
    #expect(client.received().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    #expect(client.wire.wantsClose)
    #expect(!client.wire.closesAbruptly)
    #expect(client.handler.last.cancelReason == .incomplete)
    #expect(client.events.refusals == [.timedOut])
  }

  @Test func contentThatStopsComingBehindTheHeadOfTheAnswerCutsItOff() {
    let client = RawClient()
    client.send(Self.post + "\r\nhe")
    client.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    client.take()
    client.pass(.seconds(60))
    #expect(client.wire.wantsClose)
    #expect(client.wire.closesAbruptly)
    #expect(client.handler.last.cancelReason == .incomplete)
  }

  @Test func aClientIsNotTimedWhileItsContentIsNotWanted() {
    let client = RawClient()
    client.handler.onOpen = { $0.consumesAtOnce = false }
    client.send(Self.post + "\r\n" + String(repeating: "x", count: 100_000))
    #expect(!client.wire.wantsBytes)
    client.pass(.hours(1))
    #expect(!client.wire.wantsClose)
    client.handler.last.response.requestConsumed(100_000)
    client.pass(.seconds(59))
    #expect(client.handler.last.cancelReason == nil)
    client.pass(.seconds(1))
    client.take()
    #expect(client.wire.wantsClose)
  }

  @Test func tunnelsAndGRPCCallsMayBeSilent() {
    for text in [
      "CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\nx", Self.post + "Content-Type: application/grpc\r\n\r\nhe",
    ] {
      let client = RawClient()
      client.send(text)
      client.pass(.hours(1))
      #expect(!client.wire.wantsClose, "\(text)")
      #expect(client.handler.last.cancelReason == nil)
    }
  }

  @Test func contentThatNobodyWantsAnyMoreIsNotWaitedFor() {
    let client = RawClient()
    client.send(Self.post + "\r\nhe")
    client.handler.last.response.stopRequest(.noError)
    client.pass(.hours(1))
    #expect(!client.wire.wantsClose)
    client.handler.last.answer(200, body: "x")
    #expect(client.received().hasSuffix("x"))
    #expect(client.wire.wantsClose)
  }

  @Test func aClientThatHasEndedItsSideIsNotWaitedForWithoutEnd() {
    let client = RawClient()
    client.send(RawClient.get)
    client.wire.receivedEnd()
    client.pass(.seconds(74))
    let response = client.handler.last.response
    response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    client.take()
    client.pass(.seconds(74))
    #expect(!client.wire.wantsClose)
    client.pass(.seconds(1))
    #expect(client.wire.wantsClose)
    #expect(client.wire.closesAbruptly)
    #expect(client.handler.last.cancelReason == .connectionLost)
    #expect(client.events.refusals.isEmpty)
  }

  @Test func aClientThatHasEndedItsSideMayReadSlowly() {
    let client = RawClient()
    client.send(RawClient.get)
    client.wire.receivedEnd()
    client.handler.last.answer(200, body: "x")
    for _ in 0..<10 { client.pass(.seconds(80)) }
    #expect(!client.wire.wantsClose)
    #expect(client.received().hasSuffix("x"))
    #expect(client.wire.wantsClose)
    #expect(!client.wire.closesAbruptly)
  }

  @Test func aPipelinedRequestBehindTheEndIsNotWaitedForWithoutEnd() {
    let client = RawClient()
    client.send(RawClient.get + RawClient.get)
    client.wire.receivedEnd()
    client.handler.last.answer(200, body: "1")
    client.take()
    #expect(client.handler.exchanges.count == 2)
    client.pass(.seconds(75))
    #expect(client.handler.last.cancelReason == .connectionLost)
    #expect(client.wire.wantsClose)
  }

  @Test func aWireThatIsClosingAsksForNoFurtherTimeout() {
    let client = RawClient()
    client.send(RawClient.get)
    client.handler.last.answer(200, body: "x")
    _ = client.received()
    client.wire.drain()
    #expect(client.wire.wantsClose)
    client.pass(.seconds(600))
    #expect(client.wire.deadline == nil, "a deadline that has passed and stays makes its loop spin")
  }

  @Test func aTunnelWhoseClientHasEndedItsSideGoesOn() {
    let client = RawClient()
    client.send("CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n")
    client.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    client.take()
    client.wire.receivedEnd()
    client.pass(.hours(1))
    #expect(!client.wire.wantsClose)
  }
}
