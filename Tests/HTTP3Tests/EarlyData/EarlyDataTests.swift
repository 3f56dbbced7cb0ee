import HTTP3
import HTTPMessage
import LinkEmulator
import NIOCore
import QUICTransport
import Testing

/// RFC 8470 on a QUIC connection: requests in the first flight, answered one round trip later, or sent again whole.
@Suite("HTTP/3 in early data") struct EarlyDataTests {
  @Test("a request in the first flight is answered one round trip later and known to be early")
  func accepted() throws {
    let (pair, antiReplay) = try QUICSessionPair.withTicket(isReversed: false)
    try pair.resume(antiReplay: antiReplay)
    answer(pair)
    let begin = pair.virtualTime
    let stream = try #require(pair.client.submitRequest(.post("/early", fields: ["user-agent": "test"])))
    pair.client.sendBody(ByteBuffer(bytes: pattern(200, seed: 1)), on: stream)
    pair.client.finish(stream, trailers: ["x-trailer": "1"])
    #expect(pair.client.isEarly)
    #expect(pair.run { pair.clientLog[stream].isComplete })
    #expect(pair.virtualTime - begin == 20_000_000)
    #expect(pair.serverLog[stream].isEarly)
    #expect(pair.serverLog[stream].body == pattern(200, seed: 1))
    #expect(pair.serverLog[stream].trailers == ["x-trailer": "1"])
    _ = pair.run(for: .seconds(1)) { pair.client.openStreamCount == 0 }
    #expect(!pair.client.isEarly)
    #expect(pair.closures == [])
    // What comes behind the handshake is not early any more.
    let later = try #require(pair.client.submitRequest(.get("/later")))
    #expect(pair.run { pair.clientLog[later].isComplete })
    #expect(!pair.serverLog[later].isEarly)
  }

  @Test("refused early requests are sent again whole, in their order, with content and trailers", arguments: [UInt64(1), 2, 3])
  func rejected(seed: UInt64) throws {
    let (pair, _) = try QUICSessionPair.withTicket(
      isReversed: false,
      conditions: seed == 1 ? LinkConditions(delay: .milliseconds(10)) : LinkConditions(delay: .milliseconds(10), lossProbability: 0.05),
      seed: seed)
    try pair.resume(antiReplay: nil)
    answer(pair)
    var streams: [HTTP3Stream] = []
    for index in 0..<20 {
      let stream = try #require(pair.client.submitRequest(.post("/\(index)", fields: ["user-agent": "test"])))
      pair.client.sendBody(ByteBuffer(bytes: pattern(index * 1_000, seed: UInt64(index))), on: stream)
      if index % 3 != 0 { pair.client.finish(stream, trailers: index % 2 == 0 ? ["x-trailer": "\(index)"] : nil) }
      streams.append(stream)
    }
    // Some end only after the server has decided.
    #expect(pair.run { !pair.client.isEarly })
    for index in stride(from: 0, to: 20, by: 3) {
      pair.client.sendBody(ByteBuffer(bytes: pattern(777, seed: 99)), on: streams[index])
      pair.client.finish(streams[index], trailers: index % 2 == 0 ? ["x-trailer": "\(index)"] : nil)
    }
    #expect(pair.run { streams.allSatisfy { pair.clientLog[$0].isComplete } })
    for (index, stream) in streams.enumerated() {
      let content = pattern(index * 1_000, seed: UInt64(index)) + (index % 3 == 0 ? pattern(777, seed: 99) : [])
      #expect(pair.serverLog[stream].request?.path.map { Array($0) } == Array("/\(index)".utf8))
      #expect(pair.serverLog[stream].body == content, "request \(index)")
      #expect(pair.serverLog[stream].trailers == (index % 2 == 0 ? ["x-trailer": "\(index)"] : nil))
      #expect(!pair.serverLog[stream].isEarly)
      #expect(pair.clientLog[stream].body == pattern(3_000, seed: 5))
      // The producer was told once of each byte.
      #expect(pair.clientLog[stream].sent == content.count)
    }
    _ = pair.run(for: .seconds(2)) { pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0 }
    #expect(pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0)
    #expect(pair.closures == [])
  }

  @Test("a server that has lowered its limits gets what was refused as it allows")
  func loweredLimits() throws {
    let (pair, _) = try QUICSessionPair.withTicket(isReversed: false)
    var transport = ConnectionConfiguration()
    transport.bidirectionalStreamLimit = 3
    transport.bidirectionalStreamWindowBytes = 2_000
    transport.connectionWindowBytes = 10_000
    try pair.resume(antiReplay: nil, transport: transport)
    answer(pair)
    let streams = try (0..<10).map { index in
      let stream = try #require(pair.client.submitRequest(.post("/\(index)")))
      pair.client.sendBody(ByteBuffer(bytes: pattern(5_000, seed: UInt64(index))), on: stream)
      pair.client.finish(stream)
      return stream
    }
    #expect(pair.run { !pair.client.isEarly })
    #expect(!pair.client.canOpenRequest)
    // One of those that wait is not wanted any more.
    pair.client.reset(streams[9], .requestCancelled)
    #expect(pair.run { streams[..<9].allSatisfy { pair.clientLog[$0].isComplete } })
    for (index, stream) in streams[..<9].enumerated() {
      #expect(pair.serverLog[stream].body == pattern(5_000, seed: UInt64(index)))
    }
    #expect(pair.clientLog[streams[9]].isClosed)
    #expect(pair.closures == [])
  }

  @Test("what was cancelled before the server refused it is not sent again")
  func cancelled() throws {
    let (pair, _) = try QUICSessionPair.withTicket(isReversed: false)
    try pair.resume(antiReplay: nil)
    answer(pair)
    let first = try #require(pair.client.submitRequest(.get("/first")))
    let second = try #require(pair.client.submitRequest(.get("/second")))
    _ = pair.run(for: .milliseconds(0)) { false }
    pair.client.reset(second, .requestCancelled)
    #expect(pair.run { pair.clientLog[first].isComplete })
    #expect(pair.clientLog[second].isClosed)
    #expect(pair.serverLog.messages.values.filter { $0.request != nil }.count == 1)
    #expect(pair.closures == [])
  }

  private func answer(_ pair: QUICSessionPair) {
    let server = pair.server
    pair.onRequest = { stream, _ in
      server.submitResponse(ResponseHead(status: 200, fields: [:], bodyLength: .unknown), on: stream)
      server.sendBody(ByteBuffer(bytes: pattern(3_000, seed: 5)), on: stream)
    }
    pair.onRequestEnd = { server.finish($0) }
  }
}
