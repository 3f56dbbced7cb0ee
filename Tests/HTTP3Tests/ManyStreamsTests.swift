import HTTP3TestSupport
import HTTPMessage
import NIOCore
import QUICTransport
import Testing

@testable import HTTP3

@Suite("Many streams")
struct ManyStreamsTests {
  @Test("twenty thousand exchanges come and go, and nothing of them is left", arguments: [false, true])
  func manyExchanges(isReversed: Bool) throws {
    let pair = try SessionPair(isReversed: isReversed)
    pair.onRequest = { [server = pair.server] stream, _ in
      server.submitResponse(ResponseHead(status: 200, fields: ["content-type": "text/plain"], bodyLength: .known(5)), on: stream)
      server.sendBody(ByteBuffer(string: "hello"), on: stream)
      server.finish(stream)
    }
    var last: Weak?
    var opened = 0
    while opened < 20_000 {
      while pair.client.canOpenRequest, opened % 500 != 499 {
        let stream = try #require(pair.client.submitRequest(.get("/\(opened)")))
        last = Weak(stream)
        opened += 1
      }
      opened += 1
      try pair.step()
      #expect(!pair.clientLog.messages.values.contains { $0.isClosed && !$0.isComplete })
      pair.clientLog.messages = pair.clientLog.messages.filter { !$0.value.isClosed }
      pair.serverLog.messages = pair.serverLog.messages.filter { !$0.value.isClosed }
      pair.clientLog.streams = [:]
      pair.serverLog.streams = [:]
    }
    try pair.run()
    #expect(pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0)
    #expect(pair.client.unconsumedBytes == 0 && pair.server.unconsumedBytes == 0)
    #expect(pair.link.client.openStreamCount == 6 && pair.link.server.openStreamCount == 6, "the unidirectional ones")
    pair.clientLog.streams = [:]
    #expect(last?.stream == nil, "a closed stream's object is let go")
    pair.expectNoViolation()
  }

  @Test("a thousand streams at once, all with content both ways")
  func thousandAtOnce() throws {
    let pair = try SessionPair()
    pair.onRequest = { [server = pair.server] stream, _ in
      server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
      server.sendBody(ByteBuffer(repeating: 3, count: 20_000), on: stream)
    }
    pair.onRequestEnd = { [server = pair.server] stream in server.finish(stream) }
    var streams: [HTTP3Stream] = []
    for index in 0..<1000 {
      let stream = try #require(pair.client.submitRequest(.post("/\(index)")))
      pair.client.sendBody(ByteBuffer(repeating: 4, count: 20_000), on: stream)
      pair.client.finish(stream)
      streams.append(stream)
    }
    #expect(pair.client.submitRequest(.get()) == nil, "the peer's limit")
    try pair.run()
    for stream in streams {
      #expect(pair.clientLog[stream].body.count == 20_000 && pair.serverLog[stream].body.count == 20_000)
    }
    #expect(pair.clientLog.streamsAvailable > 0)
    #expect(pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0)
    pair.expectNoViolation()
  }

  @Test("identifiers are mapped both ways and only reversed connections are")
  func mapping() {
    for isQUICClient in [false, true] {
      for role in [HTTP3Role.client, .server] {
        let mapping = StreamIDMapping(role: role, isQUICClient: isQUICClient)
        #expect(mapping.isReversed == ((role == .client) != isQUICClient))
        let identifiers: [Int64] = Array(0..<64) + [(1 << 62) - 4, (1 << 62) - 1]
        for raw in identifiers {
          let stream = StreamID(rawValue: raw)
          #expect(mapping.stream(mapping.libraryID(stream)) == stream)
          #expect(mapping.libraryID(stream) == (mapping.isReversed ? raw ^ 1 : raw))
          // Requests are always client-initiated bidirectional streams to nghttp3.
          #expect(mapping.isRequestStream(stream) == (mapping.libraryID(stream) & 3 == 0))
        }
      }
    }
  }

  private struct Weak {
    weak var stream: HTTP3Stream?
    init(_ stream: HTTP3Stream) { self.stream = stream }
  }
}
