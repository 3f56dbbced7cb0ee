import HTTP3
import HTTPMessage
import LinkEmulator
import NIOCore
import QUICTransport
import Testing

@Suite("HTTP/3 over QUIC and a bad link")
struct OverQUICTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var conditions: LinkConditions
    var testDescription: String { name }
  }

  static let cases: [Case] = {
    var reordering = LinkConditions(delay: .milliseconds(20), lossProbability: 0.01)
    reordering.reorderingProbability = 0.1
    reordering.duplicationProbability = 0.05
    return [
      Case(name: "a clean link", conditions: LinkConditions(delay: .milliseconds(5))),
      Case(name: "five in a hundred lost", conditions: LinkConditions(delay: .milliseconds(30), lossProbability: 0.05)),
      Case(name: "reordered, doubled and lost", conditions: reordering),
      Case(name: "10 Mbit/s", conditions: LinkConditions(delay: .milliseconds(10), bitsPerSecond: 10_000_000)),
    ]
  }()

  @Test("many exchanges with content both ways arrive whole, forward and reversed", arguments: cases, [false, true])
  func exchanges(_ test: Case, isReversed: Bool) throws {
    let seed: UInt64 = 7
    let pair = try QUICSessionPair(isReversed: isReversed, conditions: test.conditions, seed: seed)
    let server = pair.server
    pair.onRequest = { stream, _ in
      server.submitResponse(ResponseHead(status: 200, fields: ["server": "test"], bodyLength: .unknown), on: stream)
      server.sendBody(ByteBuffer(bytes: pattern(50_000, seed: 5)), on: stream)
    }
    pair.onRequestEnd = { server.finish($0, trailers: ["x-end": "1"]) }
    #expect(pair.run { pair.client.canOpenRequest })
    var streams: [HTTP3Stream] = []
    for index in 0..<30 {
      let stream = try #require(pair.client.submitRequest(.post("/\(index)", fields: ["user-agent": "test"])))
      pair.client.sendBody(ByteBuffer(bytes: pattern(index * 2_000, seed: UInt64(index))), on: stream)
      pair.client.finish(stream)
      streams.append(stream)
    }
    let isDone = pair.run { streams.allSatisfy { pair.clientLog[$0].isComplete } }
    #expect(isDone)
    _ = pair.run(for: .seconds(2)) { pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0 }
    for (index, stream) in streams.enumerated() {
      #expect(pair.clientLog[stream].body == pattern(50_000, seed: 5))
      #expect(pair.clientLog[stream].trailers == ["x-end": "1"])
      #expect(pair.serverLog[stream].body == pattern(index * 2_000, seed: UInt64(index)))
      #expect(stream.id.isClientInitiated != isReversed)
    }
    #expect(pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0)
    #expect(pair.client.unconsumedBytes == 0 && pair.server.unconsumedBytes == 0)
    #expect(pair.closures == [])
  }

  @Test("more requests than the peer allows at once: streams are given back as they close", arguments: [false, true])
  func moreThanTheLimit(isReversed: Bool) throws {
    var transport = ConnectionConfiguration.defaults
    transport.bidirectionalStreamLimit = 10
    let pair = try QUICSessionPair(
      isReversed: isReversed, conditions: LinkConditions(delay: .milliseconds(1)), seed: 3, transport: transport)
    let server = pair.server
    pair.onRequest = { stream, _ in server.submitResponse(ResponseHead(status: 204), on: stream) }
    var sent = 0
    let isDone = pair.run {
      while sent < 500, pair.client.submitRequest(.get("/\(sent)")) != nil { sent += 1 }
      return sent == 500 && pair.client.openStreamCount == 0
    }
    #expect(isDone && pair.closures == [])
  }

  @Test("a slow reader over QUIC stops its writer and goes on", arguments: [false, true])
  func slowReader(isReversed: Bool) throws {
    let pair = try QUICSessionPair(
      isReversed: isReversed, conditions: LinkConditions(delay: .milliseconds(5), lossProbability: 0.01), seed: 9)
    pair.serverLog.consumes = false
    #expect(pair.run { pair.client.canOpenRequest })
    let stream = try #require(pair.client.submitRequest(.post()))
    pair.client.sendBody(ByteBuffer(bytes: pattern(1 << 20)), on: stream)
    pair.client.finish(stream)
    _ = pair.run(for: .seconds(5)) { false }
    let stopped = pair.serverLog[stream].body.count
    let window = HTTP3Configuration().initialStreamWindowBytes
    #expect(stopped > window * 3 / 4 && stopped <= window)
    pair.serverLog.consumes = true
    pair.serverLog.consume(try #require(pair.serverLog.streams[stream.id]), on: pair.server)
    let isDone = pair.run { pair.serverLog[stream].isComplete }
    #expect(isDone && pair.serverLog[stream].body == pattern(1 << 20))
    #expect(pair.closures == [])
  }

  @Test("resets cross QUIC in both directions", arguments: [false, true])
  func resets(isReversed: Bool) throws {
    let pair = try QUICSessionPair(isReversed: isReversed, conditions: LinkConditions(delay: .milliseconds(5)), seed: 11)
    let server = pair.server
    var asked: [HTTP3Stream] = []
    pair.onRequest = { stream, _ in
      asked.append(stream)
      server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
      server.sendBody(ByteBuffer(repeating: 1, count: 100_000), on: stream)
    }
    #expect(pair.run { pair.client.canOpenRequest })
    let first = try #require(pair.client.submitRequest(.post("/first")))
    let second = try #require(pair.client.submitRequest(.post("/second")))
    #expect(pair.run { asked.count == 2 && pair.clientLog[second].response != nil })
    pair.client.reset(first, .requestCancelled)
    server.reset(asked.first { $0.id == second.id }!, .internalError)
    #expect(pair.run { pair.serverLog[first].isClosed && pair.clientLog[second].isClosed })
    #expect(pair.serverLog[first].reset == .requestCancelled || pair.serverLog[first].stopped == .requestCancelled)
    #expect(pair.clientLog[second].reset == .internalError)
    pair.client.reset(second, .requestCancelled)
    _ = pair.run(for: .seconds(2)) { pair.client.openStreamCount == 0 && server.openStreamCount == 0 }
    #expect(pair.client.openStreamCount == 0 && server.openStreamCount == 0)
    #expect(pair.closures == [])
  }
}
