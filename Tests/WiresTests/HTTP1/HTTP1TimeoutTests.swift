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
}
