import Exchange
import HTTP2
import HTTPMessage
import LinkEmulator
import NIOCore
import Testing
import Wires

/// Wires under bytes that no peer should send: they answer or close, and nothing traps.
@Suite struct NoiseTests {
  @Test(arguments: [21, 22, 23] as [UInt64])
  func damagedConversationsEndDefined(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let origin = HTTP2OriginWire(OriginWireContext(name: "o", hop: "h", events: nil))
    for _ in 0..<3 {
      let response = FakeResponse()
      let head = RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .unknown)
      response.request = origin.open(ExchangeRequest(head: head, origin: .test(.http1)), respondingTo: response)
      response.request?.receiveRequestBody(ByteBuffer(repeating: 1, count: 100))
      response.request?.receiveRequestEnd(trailers: ["x": "y"])
    }
    var http2: [UInt8] = []
    while let bytes = origin.nextOutput() { http2 += bytes.readableBytesView }
    let http1 = Array(
      """
      PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\n\r\n\
      GET / HTTP/1.1\r\nHost: a\r\n\r\n
      """.utf8)
    var opened = 0
    for round in 0..<600 {
      var bytes = round % 2 == 0 ? http1 : http2
      for _ in 0..<Int.random(in: 0...3, using: &generator) {
        let first = round % 2 == 0 ? 0 : 24
        bytes[Int.random(in: first..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      let client = RawClient(.detecting)
      client.handler.onEvent = { if $0.isEnded, $0.cancelReason == nil { $0.answer(200, body: "done") } }
      var rest = ByteBuffer(bytes: bytes)
      while let piece = rest.readSlice(length: min(rest.readableBytes, Int.random(in: 1...60, using: &generator))),
        piece.readableBytes > 0
      {
        client.wire.receive(piece)
        if Bool.random(using: &generator) { while client.wire.nextOutput() != nil {} }
      }
      while client.wire.nextOutput() != nil {}
      client.wire.receivedEnd()
      while client.wire.nextOutput() != nil {}
      client.wire.connectionClosed()
      opened += client.handler.exchanges.count
      #expect(client.wire.openExchangeCount == 0, "seed \(seed), round \(round)")
      #expect(client.handler.exchanges.allSatisfy { $0.isEnded || $0.cancelReason != nil }, "seed \(seed), round \(round)")
    }
    #expect(opened > 600, "seed \(seed)")
  }

  @Test func aClientThatNeverReadsIsNotReadWithoutBound() {
    let session = HTTP2Session(role: .server)
    func frame(_ type: UInt8, _ flags: UInt8, _ stream: Int32, _ payload: [UInt8]) -> [UInt8] {
      [
        0, 0, UInt8(payload.count), type, flags, UInt8(stream >> 24), UInt8(stream >> 16 & 255), UInt8(stream >> 8 & 255),
        UInt8(stream & 255),
      ]
        + payload
    }
    session.receive(ByteBuffer(bytes: Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, 0, 0, [])))
    // GET http / with authority "a", never read: streams beyond the limit are refused, and each refusal is a frame to send.
    let block: [UInt8] = [0x82, 0x86, 0x84, 0x01, 0x01, 0x61]
    var id: Int32 = 1
    while session.wantsBytes, id < 100_000 {
      session.receive(ByteBuffer(bytes: frame(1, 5, id, block)))
      while session.nextEvent() != nil {}
      id += 2
    }
    #expect(id < 20_000)
    while session.nextOutput() != nil { while session.nextEvent() != nil {} }
    #expect(session.wantsBytes || session.isFinished)
  }
}
