import Exchange
import HTTPMessage
import NIOCore
import Testing
import Wires

/// An HTTP/2 origin that sends nothing any more.
@Suite struct HTTP2SilenceTests {
  private final class Clock { var now = NIODeadline.uptimeNanoseconds(1_000_000_000) }

  private final class Origin {
    let clock = Clock()
    let wire: HTTP2OriginWire

    init() {
      wire = HTTP2OriginWire(OriginWireContext(name: "h2c://o:1", hop: "core", events: nil, now: { [clock] in clock.now }))
      wire.receive(ByteBuffer(bytes: [0, 0, 0, 4, 0, 0, 0, 0, 0]))
      _ = output()
    }

    func open(_ response: FakeResponse = FakeResponse()) -> FakeResponse {
      let head = RequestHead(method: "GET", authority: "a", path: "/")
      response.request = wire.open(ExchangeRequest(head: head, origin: .test(.http1)), respondingTo: response)
      _ = output()
      return response
    }

    func output() -> [UInt8] {
      var all = ByteBuffer()
      while let bytes = wire.nextOutput() { all.writeImmutableBuffer(bytes) }
      return Array(all.readableBytesView)
    }

    /// Lets time pass as a loop does; true if a PING went out in it.
    func pings(within time: TimeAmount) -> Bool {
      let end = clock.now + time
      var sentPing = false
      while let deadline = wire.deadline, deadline <= end {
        clock.now = max(clock.now, deadline)
        wire.handleTimeout(now: clock.now)
        if output().prefix(5).elementsEqual([0, 0, 8, 6, 0]) { sentPing = true }
      }
      clock.now = end
      return sentPing
    }

    func answerPing() { wire.receive(ByteBuffer(bytes: [0, 0, 8, 6, 1, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8))) }
  }

  @Test func aSilentOriginIsAskedAndThenGivenUp() {
    let origin = Origin()
    let response = origin.open()
    #expect(!origin.pings(within: .milliseconds(9_999)))
    #expect(origin.pings(within: .milliseconds(1)))
    #expect(!origin.pings(within: .milliseconds(4_999)))
    #expect(response.error == nil)
    _ = origin.pings(within: .milliseconds(1))
    #expect(response.error?.cause == .connectionTerminated)
    #expect(origin.wire.wantsClose && origin.wire.closesAbruptly)
    #expect(origin.wire.vacancy == 0)
    #expect(origin.wire.deadline == nil)
  }

  /// gRPC servers end the connection of a client that sends its third PING within five minutes without a message between.
  @Test func anOriginThatAnswersIsAskedSeldom() {
    let origin = Origin()
    let response = origin.open()
    for _ in 0..<2 {
      #expect(origin.pings(within: .seconds(10)))
      origin.answerPing()
    }
    #expect(!origin.pings(within: .seconds(309)))
    #expect(origin.pings(within: .seconds(1)))
    origin.answerPing()
    #expect(response.error == nil)
    // A message makes it quick again.
    origin.wire.receive(ByteBuffer(bytes: [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88]))
    #expect(response.head?.status == 200)
    #expect(origin.pings(within: .seconds(10)))
  }

  @Test func aConnectionWithoutExchangesIsLeftInPeace() {
    let origin = Origin()
    #expect(origin.wire.deadline == nil)
    let response = origin.open()
    origin.wire.receive(ByteBuffer(bytes: [0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88]))
    #expect(response.isEnded)
    #expect(!origin.pings(within: .seconds(60)))
    #expect(origin.wire.deadline == nil)
    #expect(origin.wire.isReusable)
    _ = origin.open()
    #expect(!origin.pings(within: .milliseconds(9_999)))
    #expect(origin.pings(within: .milliseconds(1)))
  }

  /// Whoever hears of the loss may send the request again at once, and must not come back to this connection.
  @Test(arguments: [true, false]) func aLostConnectionHasNoRoomWhenItsExchangesHearOfIt(byEnd: Bool) {
    let origin = Origin()
    let response = Reopening(origin.wire)
    response.open()
    if byEnd { origin.wire.receivedEnd() } else { origin.wire.connectionClosed() }
    #expect(response.vacancyAtFailure == 0)
    #expect(response.failureCount == 2)
  }

  @Test func goAwayGoesOutBehindRequestsThatWereQueued() {
    let origin = Origin()
    let response = FakeResponse()
    let head = RequestHead(method: "GET", authority: "a", path: "/")
    response.request = origin.wire.open(ExchangeRequest(head: head, origin: .test(.http1)), respondingTo: response)
    origin.wire.drain()
    #expect(origin.wire.vacancy == 0)
    let output = origin.output()
    #expect(output[3] == 1)
    #expect(response.error == nil)
    #expect(Array(output.suffix(17).prefix(4)) == [0, 0, 8, 7])
    origin.wire.receive(ByteBuffer(bytes: [0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88]))
    #expect(response.isEnded)
    #expect(origin.output().isEmpty)
    #expect(origin.wire.wantsClose)
  }

  @Test func givingUpAnExchangeTakesASilentConnectionOutOfUse() {
    let origin = Origin()
    let slow = origin.open()
    _ = origin.pings(within: .seconds(12))
    origin.answerPing()
    (slow.request as? any SharedConnectionSink)?.giveUp()
    #expect(origin.wire.vacancy > 0, "somebody is there, only this answer is late")
    let late = origin.open()
    let other = origin.open()
    origin.clock.now = origin.clock.now + .seconds(10)
    (late.request as? any SharedConnectionSink)?.giveUp()
    #expect(origin.wire.vacancy == 0)
    #expect(other.error == nil)
    #expect(origin.wire.openExchangeCount >= 1)
  }

  /// A client's side that sends its request again as soon as it fails.
  private final class Reopening: ResponseSink {
    private let wire: HTTP2OriginWire
    private(set) var vacancyAtFailure: Int?
    private(set) var failureCount = 0

    init(_ wire: HTTP2OriginWire) {
      self.wire = wire
    }

    func open() {
      let head = RequestHead(method: "GET", authority: "a", path: "/")
      _ = wire.open(ExchangeRequest(head: head, origin: .test(.http1)), respondingTo: self)
    }

    func fail(_ error: GatewayError) {
      failureCount += 1
      guard failureCount == 1 else { return }
      vacancyAtFailure = wire.vacancy
      open()
    }

    func receiveInterim(_ head: ResponseHead) {}
    func receiveHead(_ head: ResponseHead) {}
    func receiveResponseBody(_ chunk: ByteBuffer) {}
    func receiveResponseEnd(trailers: FieldSection?) {}
    func stopRequest(_ reason: ResetReason) {}
    func requestConsumed(_ byteCount: Int) {}
  }
}
