import HTTP3
import HTTP3TestSupport
import HTTPMessage
import LinkEmulator
import NIOCore
import QUICTransport
import Testing

@Suite("Messages cross whole", .serialized)
struct MessagesCrossTests {
  @Test("a request without content is answered, forward and reversed", arguments: [false, true])
  func getIsAnswered(isReversed: Bool) throws {
    let pair = try SessionPair(isReversed: isReversed)
    pair.onRequest = { [server = pair.server] stream, _ in
      server.submitResponse(ResponseHead(status: 200, fields: ["x-answer": "yes"], bodyLength: .known(5)), on: stream)
      server.sendBody(ByteBuffer(string: "hello"), on: stream)
      server.finish(stream)
    }
    let head = RequestHead.get("/one", fields: ["user-agent": "test", "x-binary": "a b\tc"])
    let stream = try #require(pair.client.submitRequest(head))
    #expect(stream.id == StreamID(rawValue: isReversed ? 1 : 0))
    try pair.run()
    #expect(pair.serverLog[stream].request == head)
    #expect(pair.serverLog[stream].isComplete)
    let answer = pair.clientLog[stream]
    #expect(answer.response?.status == 200)
    #expect(answer.response?.fields.text("x-answer") == "yes")
    #expect(answer.response?.bodyLength == .unknown)
    #expect(answer.body == Array("hello".utf8))
    #expect(answer.isComplete && answer.isClosed && answer.closeCode == nil)
    #expect(pair.serverLog[stream].sent == 5)
    #expect(pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0)
    pair.expectNoViolation()
  }

  @Test("interim responses and trailers in both directions", arguments: [false, true])
  func interimAndTrailers(isReversed: Bool) throws {
    let pair = try SessionPair(isReversed: isReversed)
    pair.onRequest = { [server = pair.server] stream, _ in
      server.submitInterim(ResponseHead(status: 100), on: stream)
      server.submitInterim(ResponseHead(status: 103, fields: ["link": "</a.css>"]), on: stream)
    }
    pair.onRequestEnd = { [server = pair.server] stream in
      let head = ResponseHead(status: 200, fields: ["content-type": "application/grpc"], bodyLength: .unknown)
      server.submitResponse(head, on: stream)
      server.sendBody(ByteBuffer(string: "pong"), on: stream)
      server.finish(stream, trailers: ["grpc-status": "0"])
    }
    let stream = try #require(pair.client.submitRequest(.post(fields: ["te": "trailers"])))
    pair.client.sendBody(ByteBuffer(string: "ping"), on: stream)
    try pair.run()
    #expect(pair.clientLog[stream].interims.map(\.status) == [100, 103])
    #expect(pair.clientLog[stream].response == nil)
    pair.client.finish(stream, trailers: ["x-checksum": "abc"])
    try pair.run()
    #expect(pair.serverLog[stream].body == Array("ping".utf8))
    #expect(pair.serverLog[stream].trailers == ["x-checksum": "abc"])
    #expect(pair.clientLog[stream].body == Array("pong".utf8))
    #expect(pair.clientLog[stream].trailers == ["grpc-status": "0"])
    #expect(pair.clientLog[stream].isClosed)
    pair.expectNoViolation()
  }

  @Test("trailers after no content at all")
  func trailersOnly() throws {
    let pair = try SessionPair()
    pair.onRequest = { [server = pair.server] stream, _ in
      server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
      server.finish(stream, trailers: ["grpc-status": "5"])
    }
    let stream = try #require(pair.client.submitRequest(.get()))
    try pair.run()
    #expect(pair.clientLog[stream].body == [])
    #expect(pair.clientLog[stream].trailers == ["grpc-status": "5"])
    pair.expectNoViolation()
  }

  @Test("what follows a head is told right")
  func bodyLengths() throws {
    let pair = try SessionPair()
    let server = pair.server
    pair.onRequest = { stream, head in
      switch head.fields.text(.path) {
      case "/head": server.submitResponse(ResponseHead(status: 200, fields: ["content-length": "100"]), on: stream)
      case "/204": server.submitResponse(ResponseHead(status: 204), on: stream)
      case "/304": server.submitResponse(ResponseHead(status: 304, fields: ["content-length": "7"]), on: stream)
      case "/known":
        server.submitResponse(ResponseHead(status: 200, fields: ["content-length": "3"], bodyLength: .known(3)), on: stream)
        server.sendBody(ByteBuffer(string: "abc"), on: stream)
        server.finish(stream)
      case "/zero":
        server.submitResponse(ResponseHead(status: 200, fields: ["content-length": "0"], bodyLength: .known(0)), on: stream)
        server.finish(stream)
      default: server.submitResponse(ResponseHead(status: 200), on: stream)
      }
    }
    func send(_ head: RequestHead) throws -> HTTP3Stream { try #require(pair.client.submitRequest(head)) }
    let head = try send(RequestHead(method: "HEAD", scheme: "https", authority: "service", path: "/head"))
    let noContent = try send(.get("/204"))
    let notModified = try send(.get("/304"))
    let known = try send(.get("/known"))
    let zero = try send(.get("/zero"))
    let none = try send(.get("/none"))
    let upload = try send(.post("/upload", fields: ["content-length": "4"], length: .known(4)))
    pair.client.sendBody(ByteBuffer(string: "data"), on: upload)
    pair.client.finish(upload)
    try pair.run()
    #expect(pair.clientLog[head].response?.bodyLength == BodyLength.none)
    #expect(pair.clientLog[head].response?.fields.text(.contentLength) == "100")
    #expect(pair.clientLog[noContent].response?.bodyLength == BodyLength.none)
    #expect(pair.clientLog[notModified].response?.bodyLength == BodyLength.none)
    #expect(pair.clientLog[known].response?.bodyLength == .known(3))
    // Its end came with the head.
    #expect(pair.clientLog[zero].response?.bodyLength == BodyLength.none)
    #expect(pair.clientLog[none].response?.bodyLength == BodyLength.none)
    #expect(pair.serverLog[head].request?.bodyLength == BodyLength.none)
    #expect(pair.serverLog[upload].request?.bodyLength == .known(4))
    for stream in [head, noContent, notModified, known, zero, none] { #expect(pair.clientLog[stream].isComplete) }
    pair.expectNoViolation()
  }

  @Test("content of all sizes, cut at random places", arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func randomContent(seed: UInt64) throws {
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var options = MemoryLinkOptions()
    options.chunkSeed = seed
    options.packetBytes = Int.random(in: 20...1500, using: &generator)
    options.packetsPerPass = Int.random(in: 1...40, using: &generator)
    options.acknowledgementDelay = Int.random(in: 0...5, using: &generator)
    options.streamWindowBytes = Int.random(in: 1_000...200_000, using: &generator)
    var configuration = HTTP3Configuration()
    configuration.initialStreamWindowBytes = options.streamWindowBytes
    configuration.qpackBlockedStreams = Bool.random(using: &generator) ? 16 : 0
    configuration.qpackDecoderTableBytes = [nil, 0, 100, 4096].randomElement(using: &generator)!
    configuration.qpackEncoderTableBytes = [0, 4096].randomElement(using: &generator)!
    let pair = try SessionPair(isReversed: Bool.random(using: &generator), configuration: configuration, options: options)
    let server = pair.server
    pair.onRequest = { stream, _ in
      server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
    }
    // The server sends back what it gets, as it gets it.
    var echoed: [StreamID: Int] = [:]
    var sent: [(stream: HTTP3Stream, body: [UInt8], trailers: FieldSection?)] = []
    for index in 0..<16 {
      let size = [0, 1, 2, 100, 1199, 1200, 1201, 5_000, 70_000, 200_000].randomElement(using: &generator)!
      let body = pattern(size, seed: seed &* 100 &+ UInt64(index))
      let stream = try #require(pair.client.submitRequest(.post("/\(index)")))
      var rest = ByteBuffer(bytes: body)
      while rest.readableBytes > 0 {
        let count = Int.random(in: 1...max(1, min(rest.readableBytes, 40_000)), using: &generator)
        pair.client.sendBody(rest.readSlice(length: min(count, rest.readableBytes))!, on: stream)
      }
      let trailers: FieldSection? = Bool.random(using: &generator) ? ["x-index": "\(index)"] : nil
      pair.client.finish(stream, trailers: trailers)
      sent.append((stream, body, trailers))
    }
    for _ in 0..<200_000 {
      try pair.step()
      for (id, message) in pair.serverLog.messages {
        guard let stream = pair.serverLog.streams[id], message.request != nil else { continue }
        let from = echoed[id] ?? 0
        guard from <= message.body.count else { continue }
        if from < message.body.count { server.sendBody(ByteBuffer(bytes: message.body[from...]), on: stream) }
        echoed[id] = message.body.count
        if message.isComplete {
          server.finish(stream, trailers: message.trailers)
          echoed[id] = Int.max
        }
      }
      if pair.clientLog.messages.values.filter(\.isClosed).count == sent.count { break }
    }
    try pair.run()
    for (stream, body, trailers) in sent {
      #expect(pair.clientLog[stream].body == body)
      #expect(pair.clientLog[stream].trailers == trailers)
      #expect(pair.clientLog[stream].isClosed)
      #expect(pair.clientLog[stream].sent == body.count)
      #expect(pair.serverLog[stream].sent == body.count)
    }
    #expect(pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0)
    #expect(pair.client.unconsumedBytes == 0 && pair.server.unconsumedBytes == 0)
    pair.expectNoViolation()
  }

  @Test("a field that must not be indexed stays so")
  func neverIndexed() throws {
    let pair = try SessionPair()
    var fields = FieldSection()
    fields.append(name: "x-secret".utf8, value: "s".utf8, neverIndexed: true)
    let stream = try #require(pair.client.submitRequest(.get(fields: fields)))
    try pair.run()
    #expect(pair.serverLog[stream].request?.fields.last?.neverIndexed == true)
  }

  @Test("requests that came in early data are marked")
  func earlyData() throws {
    var options = MemoryLinkOptions()
    options.isEarly = true
    let pair = try SessionPair(options: options)
    let stream = try #require(pair.client.submitRequest(.get()))
    try pair.run()
    #expect(pair.serverLog[stream].isEarly)
  }
}
