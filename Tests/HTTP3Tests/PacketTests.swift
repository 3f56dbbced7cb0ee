import HTTP3
import HTTP3TestSupport
import HTTPMessage
import NIOCore
import QUICTransport
import Testing

@Suite("What leaves in which packet")
struct PacketTests {
  @Test("a small message is one packet with its end, either way")
  func oneMessageOnePacket() throws {
    let pair = try SessionPair()
    try pair.run()
    pair.onRequest = { [server = pair.server] stream, _ in
      server.submitResponse(ResponseHead(status: 200, fields: ["content-length": "5"], bodyLength: .known(5)), on: stream)
      server.sendBody(ByteBuffer(string: "hello"), on: stream)
      server.finish(stream)
    }
    pair.clientTransport.keepsPackets = true
    pair.serverTransport.keepsPackets = true
    let stream = try #require(pair.client.submitRequest(.post(fields: ["content-length": "4"], length: .known(4))))
    pair.client.sendBody(ByteBuffer(string: "ping"), on: stream)
    pair.client.finish(stream)
    try pair.run()
    #expect(packets(of: stream, pair.clientTransport).map(\.isFinal) == [true])
    #expect(packets(of: stream, pair.serverTransport).map(\.isFinal) == [true])
  }

  @Test("a message with trailers is one packet too")
  func trailersInTheSamePacket() throws {
    let pair = try SessionPair()
    try pair.run()
    pair.onRequest = { [server = pair.server] stream, _ in
      server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
      server.sendBody(ByteBuffer(string: "hello"), on: stream)
      server.finish(stream, trailers: ["grpc-status": "0"])
    }
    pair.serverTransport.keepsPackets = true
    let stream = try #require(pair.client.submitRequest(.get()))
    try pair.run()
    #expect(packets(of: stream, pair.serverTransport).map(\.isFinal) == [true])
  }

  @Test("a head that was sent before is sent shorter, and the client has nothing to acknowledge")
  func repeatedHeads() throws {
    let pair = try SessionPair()
    pair.onRequest = { [server = pair.server] stream, _ in
      server.submitResponse(ResponseHead(status: 200, fields: ["server": "test", "content-type": "application/grpc"]), on: stream)
    }
    try pair.run()
    pair.clientTransport.keepsPackets = true
    let fields: FieldSection = ["user-agent": "a name that is long enough to be worth a place in the table", "te": "trailers"]
    var sizes: [Int] = []
    for _ in 0..<3 {
      let stream = try #require(pair.client.submitRequest(.get("/same", fields: fields)))
      try pair.run()
      sizes.append(packets(of: stream, pair.clientTransport).reduce(0) { $0 + $1.bytes })
    }
    #expect(sizes[2] < sizes[0] / 2, "\(sizes)")
    let acknowledging = pair.clientTransport.sentPackets.joined().filter { frame in
      if case .stream(let id, _, _) = frame { id == StreamID(rawValue: 10) } else { false }
    }
    #expect(acknowledging.isEmpty)
  }

  @Test("the answers of one turn leave in one write pass")
  func oneWritePass() throws {
    let pair = try SessionPair()
    try pair.run()
    var streams: [HTTP3Stream] = []
    pair.onRequest = { [server = pair.server] stream, _ in
      streams.append(stream)
      server.submitResponse(ResponseHead(status: 200, bodyLength: .known(5)), on: stream)
      server.sendBody(ByteBuffer(string: "hello"), on: stream)
      server.finish(stream)
    }
    for index in 0..<100 { _ = try #require(pair.client.submitRequest(.get("/\(index)"))) }
    try pair.clientTransport.writePass()
    try pair.serverTransport.deliver()
    pair.drain()
    #expect(streams.count == 100)
    #expect(pair.serverTransport.needsWrite)
    pair.serverTransport.keepsPackets = true
    try pair.serverTransport.writePass()
    let answered = pair.serverTransport.sentPackets.joined().compactMap { frame -> StreamID? in
      if case .stream(let id, _, true) = frame { id } else { nil }
    }
    #expect(answered.count == 100)
    #expect(!pair.serverTransport.needsWrite)
  }

  @Test("one reading of many packets is one chunk of content")
  func chunksAreJoined() throws {
    let pair = try SessionPair()
    try pair.run()
    let stream = try #require(pair.client.submitRequest(.post()))
    pair.client.sendBody(ByteBuffer(bytes: pattern(60_000)), on: stream)
    try pair.clientTransport.writePass()
    try pair.serverTransport.deliver()
    pair.drain()
    #expect(pair.serverLog[stream].body == pattern(60_000))
    #expect(pair.serverLog[stream].chunks == 1)
  }

  @Test("a bulk upload does not hold up what comes after it", arguments: [false, true])
  func bulkDoesNotStarve(isReversed: Bool) throws {
    var options = MemoryLinkOptions()
    options.packetsPerPass = 20
    options.streamWindowBytes = 1 << 30
    let pair = try SessionPair(isReversed: isReversed, options: options)
    try pair.run()
    let bulk = try #require(pair.client.submitRequest(.post("/bulk")))
    let other = try #require(pair.client.submitRequest(.post("/other")))
    let body = ByteBuffer(repeating: 7, count: 4 << 20)
    pair.client.sendBody(body, on: bulk)
    pair.client.sendBody(body, on: other)
    for _ in 0..<20 { try pair.step() }
    let small = try #require(pair.client.submitRequest(.get("/small")))
    try pair.step()
    #expect(pair.serverLog[small].isComplete, "a small request goes before bulk")
    let first = pair.serverLog[bulk].body.count
    let second = pair.serverLog[other].body.count
    #expect(first > 0 && second > 0)
    #expect(abs(first - second) <= 64 * 1024 + 32 * 1024, "bulk streams take turns: \(first), \(second)")
    try pair.run()
    #expect(pair.serverLog[bulk].body.count == 4 << 20)
    pair.expectNoViolation()
  }

  @Test("a packet that is missing does not stop a large message while its window is open")
  func bulkPassesAGap() throws {
    var options = MemoryLinkOptions()
    options.streamWindowBytes = 1 << 30
    options.acknowledgementDelay = 100_000
    let pair = try SessionPair(options: options)
    let bulk = try #require(pair.client.submitRequest(.post("/bulk")))
    // As buffers come from a socket; nothing is acknowledged.
    for _ in 0..<(16 << 20) / (64 << 10) {
      for _ in 0..<2 { pair.client.sendBody(ByteBuffer(repeating: 7, count: 32 << 10), on: bulk) }
      for _ in 0..<4 { try pair.step() }
    }
    #expect(pair.serverLog[bulk].body.count == 16 << 20)
    pair.expectNoViolation()
  }

  @Test("bulk goes on while small messages fill the link")
  func smallMessagesDoNotStarveBulk() throws {
    var options = MemoryLinkOptions()
    options.packetsPerPass = 20
    options.streamWindowBytes = 1 << 30
    let pair = try SessionPair(options: options)
    try pair.run()
    pair.onRequest = { [server = pair.server] stream, _ in server.submitResponse(ResponseHead(status: 204), on: stream) }
    let bulk = try #require(pair.client.submitRequest(.post("/bulk")))
    pair.client.sendBody(ByteBuffer(repeating: 7, count: 4 << 20), on: bulk)
    for _ in 0..<10 { try pair.step() }
    let before = pair.serverLog[bulk].body.count
    var waiting = 0
    for index in 0..<100 {
      for part in 0..<4 {
        let small = try #require(pair.client.submitRequest(.post("/\(index)/\(part)")))
        pair.client.sendBody(ByteBuffer(repeating: 1, count: 10_000), on: small)
        pair.client.finish(small)
        waiting += 10_000
      }
      try pair.step()
    }
    let share = pair.serverLog[bulk].body.count - before
    #expect(share > 100 * 24_000 / 8, "bulk had \(share) bytes of \(100 * 24_000)")
  }

  @Test("a long-lived stream of small messages stays interactive")
  func messagesStayInteractive() throws {
    let pair = try SessionPair()
    try pair.run()
    let stream = try #require(pair.client.submitRequest(.post()))
    var classes: [Bool] = []
    let vectors = UnsafeMutableBufferPointer<StreamBytes>.allocate(capacity: 16)
    defer { vectors.deallocate() }
    for _ in 0..<100 {
      pair.client.sendBody(ByteBuffer(repeating: 1, count: 2_000), on: stream)
      while let write = try pair.client.nextWrite(into: vectors) {
        classes.append(write.isInteractive)
        try pair.client.wrote((0..<write.vectorCount).reduce(0) { $0 + vectors[$1].count }, on: write.stream)
      }
    }
    #expect(classes.count >= 100 && !classes.contains(false))
    pair.client.sendBody(ByteBuffer(repeating: 1, count: 1 << 20), on: stream)
    classes = []
    while let write = try pair.client.nextWrite(into: vectors) {
      classes.append(write.isInteractive)
      try pair.client.wrote((0..<write.vectorCount).reduce(0) { $0 + vectors[$1].count }, on: write.stream)
    }
    #expect(classes.first == true && classes.last == false)
  }

  private func packets(of stream: HTTP3Stream, _ transport: MemoryTransport) -> [(bytes: Int, isFinal: Bool)] {
    transport.sentPackets.compactMap { packet in
      let frames = packet.compactMap { frame -> (Int, Bool)? in
        if case .stream(stream.id, let bytes, let isFinal) = frame { (bytes.count, isFinal) } else { nil }
      }
      guard !frames.isEmpty else { return nil }
      return (frames.reduce(0) { $0 + $1.0 }, frames.contains { $0.1 })
    }
  }

  @Test("many small messages to a reader that has stopped share memory and arrive whole")
  func smallChunksJoin() throws {
    var options = MemoryLinkOptions()
    options.streamWindowBytes = 100
    let pair = try SessionPair(options: options)
    try pair.run()
    let stream = try #require(pair.client.submitRequest(.post("/messages")))
    var expected: [UInt8] = []
    for number in 0..<5000 {
      let message = Array("message \(number);".utf8)
      expected += message
      // Each as a slice of a large buffer, as it comes from a socket.
      var buffer = ByteBuffer(repeating: 0, count: 32 << 10)
      buffer.setBytes(message, at: 100)
      pair.client.sendBody(try #require(buffer.getSlice(at: 100, length: message.count)), on: stream)
      if number % 7 == 0 { try pair.step() }
    }
    pair.client.finish(stream)
    try pair.run()
    #expect(Array(pair.serverLog[stream].body) == expected && pair.serverLog[stream].isComplete)
    pair.expectNoViolation()
  }
}
