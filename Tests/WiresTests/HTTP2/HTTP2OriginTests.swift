import Events
import Exchange
import HTTPMessage
import NIOCore
import Testing
import Wires

@Suite struct HTTP2OriginTests {
  private let get = RequestHead(method: "GET", authority: "a", path: "/")

  private func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [0, UInt8(payload.count >> 8), UInt8(payload.count & 255), type, flags, 0, 0, 0, stream] + payload
  }

  private func open(_ wire: HTTP2OriginWire, ends: Bool = true) -> FakeResponse {
    let response = FakeResponse()
    let head = ends ? get : RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .unknown)
    response.request = wire.open(ExchangeRequest(head: head, origin: .test(.http1)), respondingTo: response)
    if ends { response.request?.receiveRequestEnd(trailers: nil) }
    return response
  }

  private func make(_ events: EventRecorder? = nil) -> HTTP2OriginWire {
    HTTP2OriginWire(OriginWireContext(name: "h2c://o:1", hop: "core", events: events))
  }

  private func take(_ wire: HTTP2OriginWire) { while wire.nextOutput() != nil {} }

  @Test func aRefusedStreamMayBeSentAgain() {
    let wire = make()
    let response = open(wire)
    take(wire)
    wire.receive(ByteBuffer(bytes: frame(4, 0, 0, []) + frame(3, 0, 1, [0, 0, 0, 7])))
    #expect(response.error?.retry == .safe)
    #expect(wire.vacancy > 0)
  }

  @Test func requestsBehindGoAwayMayBeSentAgainAndOthersGoOn() {
    let wire = make()
    let first = open(wire)
    let second = open(wire)
    take(wire)
    // GOAWAY with last stream 1, then the answer to it: HEADERS with `:status: 204` from the static table.
    wire.receive(ByteBuffer(bytes: frame(4, 0, 0, []) + frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0])))
    #expect(second.error?.retry == .safe)
    #expect(first.error == nil)
    #expect(wire.vacancy == 0)
    #expect(!wire.wantsClose)
    wire.receive(ByteBuffer(bytes: frame(1, 5, 1, [0x89])))
    #expect(first.head?.status == 204)
    #expect(first.isEnded)
    take(wire)
    #expect(wire.wantsClose)
  }

  @Test func aResetFailsTheExchange() {
    for (code, isAnswered) in [(UInt8(2), false), (8, false), (2, true), (0, false)] {
      let wire = make()
      let response = open(wire)
      take(wire)
      wire.receive(ByteBuffer(bytes: frame(4, 0, 0, [])))
      if isAnswered { wire.receive(ByteBuffer(bytes: frame(1, 4, 1, [0x88]))) }
      wire.receive(ByteBuffer(bytes: frame(3, 0, 1, [0, 0, 0, code])))
      #expect(response.error?.retry == .unsafe)
      #expect(response.error?.status == 502)
      #expect(wire.isReusable)
    }
  }

  @Test func aLostConnectionFailsAllExchanges() {
    let wire = make()
    let sent = open(wire)
    take(wire)
    let unsent = open(wire)
    wire.connectionClosed()
    #expect(sent.error?.cause == .connectionTerminated)
    #expect(sent.error?.retry == .unsafe)
    #expect(unsent.error?.retry == .safe)
    #expect(wire.openExchangeCount == 0)
    #expect(wire.vacancy == 0)
  }

  @Test func aConnectionThatIsNotHTTP2FailsAllExchanges() {
    let events = EventRecorder()
    let wire = make(events)
    let response = open(wire)
    take(wire)
    wire.receive(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
    take(wire)
    #expect(response.error?.cause == .httpProtocolError)
    #expect(events.refusals == [.malformed])
    #expect(wire.wantsClose)
  }

  @Test func aMalformedResponseFailsOnlyItsExchange() {
    let events = EventRecorder()
    let wire = make(events)
    let bad = open(wire)
    let good = open(wire)
    take(wire)
    // A literal field "connection: x" behind the status.
    let block: [UInt8] = [0x88, 0, 10] + Array("connection".utf8) + [1, 0x78]
    wire.receive(ByteBuffer(bytes: frame(4, 0, 0, []) + frame(1, 5, 1, block) + frame(1, 5, 3, [0x88])))
    take(wire)
    #expect(bad.error?.cause == .httpProtocolError)
    #expect(good.head?.status == 200)
    #expect(events.refusals == [.malformed])
    #expect(wire.isReusable)
  }

  @Test func aResponseWithTooManyFieldsFailsItsExchange() {
    let wire = make()
    let response = open(wire)
    take(wire)
    let field: [UInt8] = [0, 1, 0x78, 0x7f, 0x81, 0x7e] + [UInt8](repeating: 0x61, count: 16_384 - 128)
    let parts = [[0x88] + field, field, field].map { Array($0.prefix(16_384)) }
    wire.receive(ByteBuffer(bytes: frame(4, 0, 0, []) + frame(1, 1, 1, parts[0]) + frame(9, 0, 1, parts[1])))
    wire.receive(ByteBuffer(bytes: frame(9, 0, 1, parts[2]) + frame(9, 0, 1, parts[2]) + frame(9, 4, 1, parts[2])))
    take(wire)
    #expect(response.error?.cause == .httpResponseTooLarge)
  }

  @Test func aCancelIsSentAndTheConnectionServesOn() {
    let wire = make()
    let response = open(wire, ends: false)
    take(wire)
    wire.receive(ByteBuffer(bytes: frame(4, 0, 0, [])))
    response.request?.cancel(.cancelled)
    response.request?.cancel(.cancelled)
    var output = ByteBuffer()
    while let bytes = wire.nextOutput() { output.writeImmutableBuffer(bytes) }
    #expect(Array(output.readableBytesView.suffix(13)) == [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8])
    wire.receive(ByteBuffer(bytes: frame(1, 4, 1, [0x88]) + frame(0, 1, 1, [1, 2, 3])))
    #expect(response.head == nil && response.error == nil)
    #expect(wire.openExchangeCount == 0)
    #expect(wire.isReusable)
  }

  @Test func theOriginsLimitOfStreamsIsKept() {
    let wire = make()
    wire.receive(ByteBuffer(bytes: frame(4, 0, 0, [0, 3, 0, 0, 0, 2])))
    #expect(wire.vacancy == 2)
    _ = open(wire)
    _ = open(wire)
    #expect(wire.vacancy == 0)
    let third = open(wire)
    #expect(third.error?.retry == .safe)
    #expect(third.error?.cause == .connectionLimitReached)
  }

  @Test func anAnswerBeforeTheRequestsEndThatIsFollowedByAResetStopsTheRequest() {
    let wire = make()
    let response = open(wire, ends: false)
    take(wire)
    wire.receive(ByteBuffer(bytes: frame(4, 0, 0, []) + frame(1, 5, 1, [0x88])))
    #expect(response.isEnded)
    #expect(response.stopReason == nil)
    wire.receive(ByteBuffer(bytes: frame(3, 0, 1, [0, 0, 0, 0])))
    #expect(response.stopReason == .noError)
    #expect(response.error == nil)
  }
}
