import HTTP3
import HTTP3TestSupport
import HTTPMessage
import LinkEmulator
import NIOCore
import QUICTransport
import Testing

@Suite("Resets in every state, from both sides")
struct ResetTests {
  /// How far an exchange is when it is broken off.
  enum Stage: CaseIterable {
    case headUnderWay, headArrived, contentUnderWay, contentUnread, requestEnded, answerBegun, answerUnderWay, answerEnded
  }

  enum Breaker: CaseIterable {
    case clientReset, clientStopsReading, serverReset, serverStopsReading
  }

  @Test(
    "whoever breaks off, at whatever stage, both ends hear it and nothing is left",
    arguments: Stage.allCases, Breaker.allCases)
  func everyStage(stage: Stage, breaker: Breaker) throws {
    let pair = try SessionPair()
    try pair.run()
    pair.serverLog.consumes = stage != .contentUnread
    let stream = try prepare(pair, stage)
    let serverStream = pair.serverLog.streams[stream.id]
    let wasEnded = pair.clientLog[stream].isComplete
    switch breaker {
    case .clientReset:
      pair.client.reset(stream, .requestCancelled)
    case .clientStopsReading:
      pair.client.stopReading(stream, .requestCancelled)
    case .serverReset:
      guard let serverStream else { return }
      pair.server.reset(serverStream, .internalError)
    case .serverStopsReading:
      guard let serverStream else { return }
      pair.server.stopReading(serverStream, .noError)
    }
    try pair.run()
    pair.expectNoViolation()
    let atClient = pair.clientLog[stream]
    let atServer = pair.serverLog[stream]
    switch breaker {
    case .clientReset:
      if stage == .headUnderWay {
        #expect(atServer.request == nil, "opened and given up: nobody sees it")
      } else if !wasEnded, stage != .answerEnded {
        #expect(atServer.reset == .requestCancelled || atServer.stopped == .requestCancelled)
      }
    case .clientStopsReading:
      if !wasEnded, serverStream != nil { #expect(atServer.stopped == .requestCancelled) }
    case .serverReset:
      if !wasEnded, stage != .answerEnded {
        #expect(atClient.reset == .internalError)
        if ![.requestEnded, .answerBegun, .answerUnderWay].contains(stage) { #expect(atClient.stopped == .internalError) }
      }
    case .serverStopsReading:
      if [.headArrived, .contentUnderWay, .contentUnread].contains(stage) { #expect(atClient.stopped == .noError) }
    }
    // Whatever is still open is ended by its owner; then nothing is left.
    pair.client.reset(stream, .requestCancelled)
    if let seen = pair.serverLog.streams[stream.id] { pair.server.reset(seen, .requestCancelled) }
    try pair.run()
    #expect(pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0)
    #expect(pair.client.unconsumedBytes == 0 && pair.server.unconsumedBytes == 0)
    pair.expectNoViolation()
    // And the connection serves.
    pair.onRequest = { [server = pair.server] stream, _ in server.submitResponse(ResponseHead(status: 204), on: stream) }
    let next = try #require(pair.client.submitRequest(.get()))
    try pair.run()
    #expect(pair.clientLog[next].response?.status == 204)
  }

  @Test("an answer without the rest of the request: STOP_SENDING with H3_NO_ERROR, and the answer arrives whole")
  func earlyAnswer() throws {
    let pair = try SessionPair()
    pair.onRequest = { [server = pair.server] stream, _ in
      server.submitResponse(ResponseHead(status: 413, bodyLength: .known(3)), on: stream)
      server.sendBody(ByteBuffer(string: "big"), on: stream)
      server.finish(stream)
      server.stopReading(stream, .noError)
    }
    let stream = try #require(pair.client.submitRequest(.post()))
    pair.client.sendBody(ByteBuffer(repeating: 1, count: 1 << 20), on: stream)
    try pair.run()
    let answer = pair.clientLog[stream]
    #expect(answer.stopped == .noError && answer.response?.status == 413 && answer.body == Array("big".utf8) && answer.isComplete)
    #expect(answer.isClosed && pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0)
    pair.expectNoViolation()
  }

  @Test("STOP_SENDING that overtakes the request: the server hears that nobody wants the answer")
  func stoppedBeforeTheRequest() throws {
    let peer = try RawPeer(against: .server)
    try peer.sendSettings()
    let id = try #require(peer.transport.openForInjection(isUnidirectional: false))
    peer.transport.inject([.stopSending(id, 0x10c)])
    try peer.run()
    try peer.send(RawFrames.headers(RawFrames.plainRequest), on: id)
    let stream = try #require(peer.log.streams[id])
    peer.session.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
    peer.session.sendBody(ByteBuffer(string: "unwanted"), on: stream)
    try peer.run()
    #expect(peer.log.messages[id]?.stopped == .requestCancelled)
    peer.session.reset(stream, .requestCancelled)
    try peer.run()
    try peer.expectAlive()
  }

  @Test("random resets among many exchanges leave nothing behind", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func randomResets(seed: UInt64) throws {
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var options = MemoryLinkOptions()
    options.chunkSeed = seed
    options.packetsPerPass = 10
    options.acknowledgementDelay = Int.random(in: 0...3, using: &generator)
    let pair = try SessionPair(isReversed: seed % 2 == 0, options: options)
    pair.clientLog.keepsBodies = false
    pair.serverLog.keepsBodies = false
    pair.onRequest = { [server = pair.server] stream, _ in
      server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
      server.sendBody(ByteBuffer(repeating: 1, count: 50_000), on: stream)
    }
    pair.onRequestEnd = { [server = pair.server] stream in server.finish(stream, trailers: ["a": "b"]) }
    for _ in 0..<250 {
      if let stream = pair.client.submitRequest(.post()) {
        pair.client.sendBody(ByteBuffer(repeating: 2, count: Int.random(in: 1...60_000, using: &generator)), on: stream)
        if Bool.random(using: &generator) { pair.client.finish(stream) }
      }
      try pair.step()
      let ids = pair.client.openStreams.sorted { $0.id.rawValue < $1.id.rawValue }
      if let victim = ids.randomElement(using: &generator) {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: pair.client.reset(victim, .requestCancelled)
        case 1: pair.client.stopReading(victim, .requestCancelled)
        case 2: if let seen = pair.serverLog.streams[victim.id] { pair.server.reset(seen, .internalError) }
        case 3: if let seen = pair.serverLog.streams[victim.id] { pair.server.stopReading(seen, .noError) }
        default: pair.client.finish(victim)
        }
      }
    }
    for stream in pair.client.openStreams { pair.client.reset(stream, .requestCancelled) }
    for stream in pair.server.openStreams { pair.server.reset(stream, .requestCancelled) }
    try pair.run()
    #expect(pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0, "seed \(seed)")
    #expect(pair.client.unconsumedBytes == 0 && pair.server.unconsumedBytes == 0, "seed \(seed)")
    pair.expectNoViolation()
  }

  private func prepare(_ pair: SessionPair, _ stage: Stage) throws -> HTTP3Stream {
    if [.answerBegun, .answerUnderWay, .answerEnded].contains(stage) {
      pair.onRequest = { [server = pair.server] stream, _ in
        server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
        if stage != .answerBegun { server.sendBody(ByteBuffer(repeating: 1, count: 300_000), on: stream) }
        if stage == .answerEnded { server.finish(stream) }
      }
    }
    let stream = try #require(pair.client.submitRequest(.post()))
    switch stage {
    case .headUnderWay:
      try pair.clientTransport.writePass()
    case .headArrived:
      try pair.run()
    case .contentUnderWay:
      pair.client.sendBody(ByteBuffer(repeating: 1, count: 300_000), on: stream)
      try pair.clientTransport.writePass()
      try pair.serverTransport.deliver()
      pair.drain()
      pair.client.sendBody(ByteBuffer(repeating: 1, count: 300_000), on: stream)
    case .contentUnread:
      pair.client.sendBody(ByteBuffer(repeating: 1, count: 300_000), on: stream)
      try pair.run()
    case .requestEnded, .answerBegun:
      pair.client.finish(stream)
      try pair.run()
    case .answerUnderWay:
      pair.client.finish(stream)
      pair.clientLog.consumes = false
      try pair.run()
    case .answerEnded:
      pair.client.finish(stream)
      try pair.run()
    }
    return stream
  }
}
