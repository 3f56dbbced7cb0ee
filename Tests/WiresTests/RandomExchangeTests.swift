import Exchange
import HTTPMessage
import LinkEmulator
import NIOCore
import Testing

/// Random exchanges with random cuts on both wires: everything that was begun is finished, whole and once.
@Suite struct RandomExchangeTests {
  @Test(arguments: [1, 2, 3, 4] as [UInt64], [WireProtocol.http1, .http2])
  func everyExchangeEndsAsItBegan(_ seed: UInt64, _ wire: WireProtocol) {
    var generator = SeededGenerator(seed: seed)
    let pair = WirePair(wire, seed: seed, maximumPieceBytes: 5000)
    var expected: [(response: FakeResponse, body: ByteBuffer)] = []
    pair.handler.onEvent = { exchange in
      // An echo: the answer begins with the first content and ends with the request.
      guard exchange.isEnded, exchange.cancelReason == nil else { return }
      exchange.response.receiveInterim(ResponseHead(status: 103, fields: ["link": "</a>"]))
      exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
      exchange.response.receiveResponseBody(exchange.body)
      exchange.response.receiveResponseEnd(trailers: exchange.trailers)
    }
    for _ in 0..<25 {
      for _ in 0..<min(pair.client.vacancy, Int.random(in: 1...20, using: &generator)) {
        let count =
          Bool.random(using: &generator)
          ? Int.random(in: 0...100, using: &generator) : Int.random(in: 0...150_000, using: &generator)
        let body = ByteBuffer(repeating: UInt8.random(in: 0...255, using: &generator), count: count)
        let length = Bool.random(using: &generator) ? BodyLength.unknown : .known(UInt64(count))
        let head = RequestHead(method: "POST", authority: "a", path: "/", bodyLength: length)
        let response = pair.send(head, body: body, trailers: length == .unknown ? ["x-sum": "\(count)"] : nil)
        expected.append((response, body))
        if Int.random(in: 0..<4, using: &generator) == 0 { _ = pair.moveOnce() }
      }
      pair.run()
    }
    #expect(expected.count >= 25, "seed \(seed)")
    for (response, body) in expected {
      #expect(response.error == nil, "seed \(seed)")
      #expect(response.isEnded, "seed \(seed)")
      #expect(response.body == body, "seed \(seed)")
      #expect(response.interims.count == 1, "seed \(seed)")
      #expect(response.consumedRequestBytes == body.readableBytes, "seed \(seed)")
    }
    #expect(pair.handler.exchanges.count == expected.count, "seed \(seed)")
    #expect(pair.handler.exchanges.allSatisfy { $0.cancelReason == nil && $0.consumedResponseBytes == $0.body.readableBytes })
    #expect(pair.client.openExchangeCount == 0)
    #expect(pair.server.openExchangeCount == 0)
    #expect(pair.events.refusals.isEmpty)
  }
}
