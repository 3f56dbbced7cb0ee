import HTTP2
import HTTPMessage
import NIOCore
import Testing

@Suite struct FlowControlTests {
  @Test func aStreamStopsAtItsWindowAndGoesOnWhenConsumed() throws {
    let pair = SessionPair()
    pair.consumes = false
    let sent = try #require(pair.send(.post()))
    pair.run()
    pair.client.write(ByteBuffer(repeating: 1, count: 1 << 20), on: sent.stream)
    pair.run()
    let request = pair.requests[0]
    #expect(request.body.readableBytes == 64 * 1024)
    #expect(sent.takenBytes == 64 * 1024)
    #expect(sent.stream.queuedByteCount == (1 << 20) - 64 * 1024)
    pair.server.consumed(50 * 1024, on: request.stream)
    pair.run()
    #expect(request.body.readableBytes == 114 * 1024)
  }

  @Test func aStalledStreamDoesNotStopTheOthers() throws {
    let pair = SessionPair()
    pair.consumes = false
    let stalled = try (0..<60).map { _ in try #require(pair.send(.post())) }
    for sent in stalled { pair.client.write(ByteBuffer(repeating: 1, count: 1 << 20), on: sent.stream) }
    pair.run()
    #expect(pair.requests.allSatisfy { $0.body.readableBytes == 64 * 1024 })
    pair.consumes = true
    let sent = try #require(pair.send(.post()))
    pair.client.write(ByteBuffer(repeating: 2, count: 1 << 20), on: sent.stream)
    pair.client.finish(sent.stream, trailers: nil)
    pair.run()
    #expect(pair.requests[60].body.readableBytes == 1 << 20)
    #expect(pair.requests[60].isEnded)
  }

  @Test func theBudgetOfAConnectionBoundsWhatAllStreamsHold() throws {
    var server = HTTP2Configuration()
    server.streamWindowBytes = 256 * 1024
    server.budgetBytes = 2 << 20
    server.connectionWindowBytes = 1 << 20
    let pair = SessionPair(server: server)
    pair.consumes = false
    for _ in 0..<50 {
      let sent = try #require(pair.send(.post()))
      pair.client.write(ByteBuffer(repeating: 1, count: 1 << 20), on: sent.stream)
    }
    pair.run()
    let held = pair.requests.reduce(0) { $0 + $1.body.readableBytes }
    #expect(held <= 3 << 20)
    #expect(held >= 2 << 20)
    // What a reset stream held is given back, and the others go on.
    pair.consumes = true
    for request in pair.requests where request.body.readableBytes > 0 { pair.server.reset(request.stream, code: .cancel) }
    pair.run()
    let last = pair.requests.filter { $0.closedWith == nil }
    #expect(last.allSatisfy { $0.body.readableBytes == 1 << 20 })
  }

  @Test func theWindowOfAFastReaderGrowsAndThatOfASlowOneDoesNot() throws {
    let pair = SessionPair(seed: 3, maximumPieceBytes: 16_384)
    let fast = try #require(pair.send(.post()))
    pair.client.write(ByteBuffer(repeating: 1, count: 8 << 20), on: fast.stream)
    pair.run()
    pair.consumes = false
    pair.client.write(ByteBuffer(repeating: 1, count: 8 << 20), on: fast.stream)
    pair.run()
    #expect((17 << 19...9 << 20).contains(pair.requests[0].body.readableBytes))

    let slow = try #require(pair.send(.post()))
    pair.client.write(ByteBuffer(repeating: 1, count: 2 << 20), on: slow.stream)
    pair.run()
    for _ in 0..<20 {
      pair.server.consumed(32 * 1024, on: pair.requests[1].stream)
      pair.run()
    }
    #expect(pair.requests[1].body.readableBytes == (64 + 20 * 32) * 1024)
  }

  @Test func allWindowsTogetherGrowWithinTheBudget() throws {
    let pair = SessionPair(seed: 4, maximumPieceBytes: 16_384)
    let sent = try (0..<40).map { _ in try #require(pair.send(.post())) }
    for one in sent {
      pair.client.write(ByteBuffer(repeating: 1, count: 4 << 20), on: one.stream)
      pair.run()
    }
    pair.consumes = false
    let before = pair.requests.reduce(0) { $0 + $1.body.readableBytes }
    for one in sent { pair.client.write(ByteBuffer(repeating: 1, count: 4 << 20), on: one.stream) }
    pair.run()
    let held = pair.requests.reduce(0) { $0 + $1.body.readableBytes } - before
    #expect(held <= 40 * 64 * 1024 + 8 << 20)
    #expect(held > 8 << 20)
  }

  @Test("output comes in pieces: small ones for a peer that has not taken much, with no more memory than they need")
  func outputComesInPieces() throws {
    var client = HTTP2Configuration()
    client.streamWindowBytes = 4 << 20
    let pair = SessionPair(client: client)
    let sent = try #require(pair.send(.get()))
    pair.run()
    let stream = pair.requests[0].stream
    pair.server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
    pair.server.write(ByteBuffer(repeating: 1, count: 2_000_000), on: stream)
    let first = try #require(pair.server.nextOutput())
    #expect((15_000...33_000).contains(first.readableBytes) && first.capacity <= 32 << 10)
    pair.client.receive(first)
    var taken = first.readableBytes
    while taken < 1_100_000 {
      let piece = try #require(pair.server.nextOutput())
      taken += piece.readableBytes
      pair.client.receive(piece)
    }
    let later = try #require(pair.server.nextOutput())
    #expect((47_000...66_000).contains(later.readableBytes))
    #expect(stream.queuedByteCount > 100_000)
    pair.client.receive(later)
    pair.run()
    #expect(sent.body.readableBytes == 2_000_000)
  }
}
