import Events
import Exchange
import HTTPMessage
import NIOCore
import Testing
import Wires

@Suite struct HTTP1OriginTests {
  private final class Origin {
    let wire: HTTP1OriginWire
    let events = EventRecorder()
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private final class Clock { var now = NIODeadline.uptimeNanoseconds(1_000_000_000) }
    private let clock = Clock()

    init() {
      wire = HTTP1OriginWire(OriginWireContext(name: "http://o:1", hop: "core", events: events, now: { [clock] in clock.now }))
    }

    func open(_ head: RequestHead = RequestHead(method: "GET", authority: "a", path: "/"), ends: Bool = true) -> FakeResponse {
      let response = FakeResponse()
      response.request = wire.open(ExchangeRequest(head: head, origin: .test(.http2)), respondingTo: response)
      if ends { response.request?.receiveRequestEnd(trailers: nil) }
      return response
    }

    func taken() -> String {
      var text = ""
      while let bytes = wire.nextOutput() { text += String(buffer: bytes) }
      return text
    }

    func answer(_ text: String) { wire.receive(ByteBuffer(string: text)) }

    func pass(_ time: TimeAmount) {
      clock.now = clock.now + time
      if let deadline = wire.deadline, deadline <= clock.now { wire.handleTimeout(now: clock.now) }
    }
  }

  @Test func oneExchangeAtATime() {
    let origin = Origin()
    #expect(origin.wire.vacancy == 1)
    let first = origin.open()
    #expect(origin.wire.vacancy == 0)
    let second = origin.open()
    #expect(second.error?.retry == .safe)
    #expect(origin.taken() == "GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    origin.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    #expect(first.text == "hi")
    #expect(first.isEnded)
    #expect(origin.wire.vacancy == 1)
    _ = origin.open()
    #expect(origin.taken().hasPrefix("GET / HTTP/1.1"))
  }

  @Test func interimResponsesAreHandedOn() {
    let origin = Origin()
    let response = origin.open()
    _ = origin.taken()
    origin.answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    #expect(response.interims.map(\.status) == [100, 103])
    #expect(response.head?.status == 204)
    #expect(response.isEnded)
    #expect(origin.wire.isReusable)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!",
  ])
  func aConnectionThatCannotServeOnIsClosed(_ text: String) {
    let origin = Origin()
    let response = origin.open()
    _ = origin.taken()
    origin.answer(text)
    #expect(response.text == "hi")
    #expect(response.isEnded)
    #expect(response.error == nil)
    #expect(origin.wire.vacancy == 0)
    #expect(origin.wire.wantsClose)
  }

  @Test func contentUntilTheEndOfTheConnectionIsComplete() {
    let origin = Origin()
    let response = origin.open()
    _ = origin.taken()
    origin.answer("HTTP/1.1 200 OK\r\n\r\nsome")
    #expect(!response.isEnded)
    origin.wire.receivedEnd()
    #expect(response.isEnded)
    #expect(response.text == "some")
    #expect(response.error == nil)
  }

  @Test func contentUntilTheEndIsNotCompleteWhenTheConnectionIsLost() {
    let origin = Origin()
    let response = origin.open()
    _ = origin.taken()
    origin.answer("HTTP/1.1 200 OK\r\n\r\nsome")
    origin.wire.connectionClosed()
    #expect(!response.isEnded)
    #expect(response.error?.cause == .httpResponseIncomplete)
  }

  struct Loss: Sendable {
    var isTaken: Bool
    var answer: String
    var cause: GatewayError.Cause
    var retry: GatewayError.Retry
  }

  @Test(arguments: [
    Loss(isTaken: false, answer: "", cause: .connectionTerminated, retry: .safe),
    Loss(isTaken: true, answer: "", cause: .connectionTerminated, retry: .unsafe),
    Loss(isTaken: true, answer: "HTTP/1.1 10", cause: .connectionTerminated, retry: .unsafe),
    Loss(isTaken: true, answer: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", cause: .httpResponseIncomplete, retry: .unsafe),
    Loss(
      isTaken: true, answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", cause: .httpResponseIncomplete,
      retry: .unsafe),
  ])
  func aClosedConnectionFailsTheExchange(_ row: Loss) {
    for isEnd in [true, false] {
      let origin = Origin()
      let response = origin.open()
      if row.isTaken { _ = origin.taken() }
      if !row.answer.isEmpty { origin.answer(row.answer) }
      if isEnd { origin.wire.receivedEnd() } else { origin.wire.connectionClosed() }
      #expect(response.error?.cause == row.cause)
      #expect(response.error?.retry == row.retry)
      #expect(response.error?.side == .origin)
      #expect(origin.wire.wantsClose)
      #expect(origin.wire.openExchangeCount == 0)
    }
  }

  @Test func anIdleConnectionThatIsClosedTakesNothingNew() {
    let origin = Origin()
    origin.wire.receivedEnd()
    #expect(origin.wire.vacancy == 0)
    #expect(origin.wire.wantsClose)
  }

  @Test func unaskedBytesCloseTheConnection() {
    let origin = Origin()
    origin.answer("HTTP/1.1 200 OK\r\n\r\n")
    #expect(origin.wire.wantsClose)
    #expect(origin.events.refusals == [.malformed])
  }

  @Test(arguments: [
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      MessageRefusalCause(.ambiguousLength, .httpProtocolError)
    ),
    ("SSH-2.0-OpenSSH\r\n\r\n", MessageRefusalCause(.malformed, .httpProtocolError)),
    (
      "HTTP/1.1 200 OK\r\nx: \(String(repeating: "v", count: 40_000))\r\n\r\n",
      MessageRefusalCause(.fieldsTooLarge, .httpResponseTooLarge)
    ),
  ])
  func aResponseThatIsNoneFailsTheExchange(_ text: String, _ expected: MessageRefusalCause) {
    let origin = Origin()
    let response = origin.open()
    _ = origin.taken()
    origin.answer(text)
    #expect(response.error?.cause == expected.cause)
    #expect(response.head == nil)
    #expect(origin.events.refusals == [expected.refusal])
    #expect(origin.wire.wantsClose)
  }

  @Test func aCancelledRequestClosesTheConnection() {
    for isTaken in [true, false] {
      let origin = Origin()
      let response = origin.open()
      if isTaken { _ = origin.taken() }
      response.request?.cancel(.cancelled)
      #expect(origin.wire.wantsClose)
      #expect(origin.wire.closesAbruptly)
      #expect(origin.taken() == "")
      origin.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      origin.wire.connectionClosed()
      #expect(response.head == nil && response.error == nil)
    }
  }

  @Test func anAnswerBeforeTheRequestsEndLetsItGoOn() {
    let origin = Origin()
    let response = origin.open(RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .unknown), ends: false)
    response.request?.receiveRequestBody(ByteBuffer(string: "one"))
    _ = origin.taken()
    origin.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    #expect(response.isEnded)
    #expect(response.stopReason == nil)
    #expect(origin.wire.vacancy == 0)
    response.request?.receiveRequestBody(ByteBuffer(string: "two"))
    response.request?.receiveRequestEnd(trailers: nil)
    #expect(origin.taken() == "3\r\ntwo\r\n0\r\n\r\n")
    #expect(origin.wire.vacancy == 1)
  }

  @Test func anAnswerThatClosesStopsTheRequest() {
    let origin = Origin()
    let response = origin.open(RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .unknown), ends: false)
    _ = origin.taken()
    origin.answer("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    #expect(response.isEnded)
    #expect(response.stopReason == .noError)
    #expect(origin.wire.wantsClose)
  }

  @Test func anAnsweredRequestThatIsNotTakenIsStopped() {
    let origin = Origin()
    let response = origin.open(RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .unknown), ends: false)
    _ = origin.taken()
    origin.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    origin.pass(.seconds(9))
    #expect(response.stopReason == nil)
    origin.pass(.seconds(1))
    #expect(response.stopReason == .noError)
    #expect(origin.wire.wantsClose)
  }

  @Test func aRequestThatDoesNotFitItsLengthIsNotCompleted() {
    for body in ["too long", "sho"] {
      let origin = Origin()
      let response = origin.open(RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .known(5)), ends: false)
      response.request?.receiveRequestBody(ByteBuffer(string: body))
      response.request?.receiveRequestEnd(trailers: nil)
      #expect(!origin.taken().contains("too long"))
      #expect(response.error?.cause == .httpRequestError)
      #expect(origin.wire.wantsClose)
      #expect(origin.wire.closesAbruptly)
    }
  }

  @Test func aRequestThatHTTP1CannotSayIsRefusedAndTheConnectionStays() {
    let origin = Origin()
    let response = origin.open(RequestHead(method: "GET", authority: "a", path: "/", fields: ["x": "a\r\nb"]))
    #expect(response.error?.cause == .httpRequestError)
    #expect(origin.taken() == "")
    #expect(origin.wire.vacancy == 1)
  }

  @Test func drainingFinishesTheOpenExchange() {
    let origin = Origin()
    let response = origin.open()
    _ = origin.taken()
    origin.wire.drain()
    #expect(!origin.wire.wantsClose)
    origin.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(response.isEnded)
    #expect(origin.wire.wantsClose)
  }
}

struct MessageRefusalCause: Sendable {
  var refusal: MessageRefusal
  var cause: GatewayError.Cause

  init(_ refusal: MessageRefusal, _ cause: GatewayError.Cause) {
    self.refusal = refusal
    self.cause = cause
  }
}
