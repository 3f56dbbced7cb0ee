import HTTP2
import HTTPMessage
import LinkEmulator
import NIOCore
import Testing

@Suite struct ResetAndDrainTests {
  @Test func aResetReachesTheOtherSideWithItsCode() throws {
    let pair = SessionPair()
    let sent = try #require(pair.send(.post()))
    pair.run()
    pair.client.write(ByteBuffer(repeating: 1, count: 10_000), on: sent.stream)
    pair.client.reset(sent.stream, code: .cancel)
    pair.run()
    #expect(pair.requests[0].closedWith == .cancel)
    #expect(pair.requests[0].isClosedByPeer)
    #expect(sent.closedWith == .cancel)
    #expect(!sent.isClosedByPeer)
    #expect(pair.client.openStreamCount == 0)
    #expect(pair.server.openStreamCount == 0)
  }

  @Test func aResetRequestThatWasNeverSentIsUnknownToTheServer() throws {
    let pair = SessionPair()
    let sent = try #require(pair.send(.get()))
    pair.client.reset(sent.stream, code: .cancel)
    pair.run()
    #expect(pair.requests.isEmpty)
    #expect(sent.closedWith != nil)
    #expect(pair.client.openStreamCount == 0)
    let next = try #require(pair.send(.get()))
    pair.run()
    #expect(pair.requests.count == 1)
    #expect(next.closedWith == nil)
  }

  @Test func anEarlyAnswerArrivesWholeBeforeTheRequestIsStopped() throws {
    let pair = SessionPair()
    let sent = try #require(pair.send(.post()))
    pair.client.write(ByteBuffer(repeating: 1, count: 1000), on: sent.stream)
    pair.run()
    let stream = pair.requests[0].stream
    pair.server.submitResponse(ResponseHead(status: 413, bodyLength: .unknown), on: stream)
    pair.server.write(ByteBuffer(repeating: 2, count: 300_000), on: stream)
    pair.server.finish(stream, trailers: nil)
    pair.server.resetAfterEnd(stream, code: .noError)
    pair.run()
    #expect(sent.response?.status == 413)
    #expect(sent.body.readableBytes == 300_000)
    #expect(sent.isEnded)
    #expect(sent.closedWith == .noError)
    #expect(sent.isClosedByPeer)
  }

  @Test func aDrainingServerFinishesWhatIsOpenAndTakesWhatIsUnderWay() throws {
    let pair = SessionPair()
    let first = try #require(pair.send(.get("/1")))
    pair.run()
    pair.server.drain()
    // This request crosses the notice on the wire and is still answered.
    let second = try #require(pair.send(.get("/2")))
    pair.run()
    #expect(pair.requests.count == 2)
    #expect(pair.goAways.map { $0.1 } == [Int32.max, 3])
    #expect(pair.send(.get("/3")) == nil)
    #expect(!pair.client.mayOpen)
    #expect(!pair.server.isFinished)
    for request in pair.requests { pair.server.submitResponse(ResponseHead(status: 200), on: request.stream) }
    pair.run()
    #expect(first.isEnded && second.isEnded)
    #expect(pair.server.isFinished)
    #expect(pair.client.isFinished)
  }

  @Test func requestsBehindGoAwayMayBeSentAgain() throws {
    let pair = SessionPair()
    let sent = try #require(pair.send(.get()))
    _ = pair.client.nextOutput()
    // GOAWAY with last stream 0, as a server sends it that has seen nothing.
    let settings = RawPeer.frame(type: 4, flags: 0, stream: 0, [])
    pair.client.receive(ByteBuffer(bytes: settings + RawPeer.frame(type: 7, flags: 0, stream: 0, [0, 0, 0, 0, 0, 0, 0, 0])))
    pair.drain(pair.client)
    #expect(sent.closedWith == .refusedStream)
    #expect(pair.client.openStreamCount == 0)
  }

  @Test func aDrainingClientOpensNothingAndFinishes() throws {
    let pair = SessionPair()
    let sent = try #require(pair.send(.get()))
    pair.run()
    pair.client.drain()
    #expect(pair.send(.get()) == nil)
    pair.server.submitResponse(ResponseHead(status: 200), on: pair.requests[0].stream)
    pair.run()
    #expect(sent.isEnded)
    #expect(pair.client.isFinished)
  }

  @Test func moreStreamsThanThePeerAllowsAreRefusedSafely() throws {
    var server = HTTP2Configuration()
    server.maximumConcurrentStreams = 3
    let pair = SessionPair(server: server)
    pair.run()
    #expect(pair.client.peerMaximumConcurrentStreams == 3)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func anyOrderOfStepsLeavesNothingOpen(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let pair = SessionPair(seed: seed, maximumPieceBytes: 3000)
    var sent: [SessionPair.Received] = []
    for _ in 0..<600 {
      switch Int.random(in: 0..<9, using: &generator) {
      case 0, 1: if let new = pair.send(Bool.random(using: &generator) ? .get() : .post()) { sent.append(new) }
      case 2:
        sent.randomElement(using: &generator).map { pair.client.write(ByteBuffer(repeating: 1, count: 50_000), on: $0.stream) }
      case 3:
        sent.randomElement(using: &generator).map {
          pair.client.finish($0.stream, trailers: Bool.random(using: &generator) ? nil : ["t": "1"])
        }
      case 4: sent.randomElement(using: &generator).map { pair.client.reset($0.stream, code: .cancel) }
      case 5:
        if let request = pair.requests.randomElement(using: &generator), request.interims.isEmpty, request.closedWith == nil {
          request.interims.append(1)
          pair.server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: request.stream)
        }
      case 6:
        if let request = pair.requests.randomElement(using: &generator), !request.interims.isEmpty {
          pair.server.write(ByteBuffer(repeating: 2, count: 40_000), on: request.stream)
        }
      case 7:
        if let request = pair.requests.randomElement(using: &generator), !request.interims.isEmpty {
          pair.server.finish(request.stream, trailers: Bool.random(using: &generator) ? nil : ["t": "1"])
          pair.server.resetAfterEnd(request.stream, code: .noError)
        }
      default: _ = pair.moveOnce()
      }
    }
    for request in pair.requests { pair.server.reset(request.stream, code: .internalError) }
    pair.run()
    for one in sent { pair.client.reset(one.stream, code: .cancel) }
    pair.run()
    #expect(pair.client.openStreamCount == 0, "seed \(seed)")
    #expect(pair.server.openStreamCount == 0, "seed \(seed)")
    #expect(sent.allSatisfy { $0.closedWith != nil }, "seed \(seed)")
    #expect(pair.serverRefusals + pair.clientRefusals == [], "seed \(seed)")
  }
}
