import HTTP3
import HTTP3TestSupport
import HTTPMessage
import NIOCore
import QUICTransport
import Testing

@Suite("Going away in two steps")
struct GoingAwayTests {
  @Test("requests under way are finished, those that come later refused", arguments: [false, true])
  func serverGoesAway(isReversed: Bool) throws {
    let pair = try SessionPair(isReversed: isReversed)
    var asked: [HTTP3Stream] = []
    pair.onRequest = { stream, _ in asked.append(stream) }
    let first = try #require(pair.client.submitRequest(.get("/first")))
    try pair.run()
    pair.server.beginShutdown()
    // This one crosses the notice on the way.
    let second = try #require(pair.client.submitRequest(.get("/second")))
    try pair.run()
    #expect(pair.clientLog.goAways == [nil])
    #expect(!pair.client.canOpenRequest)
    #expect(pair.client.submitRequest(.get("/third")) == nil)
    #expect(asked.count == 2)
    pair.server.completeShutdown()
    try pair.run()
    #expect(pair.clientLog.goAways.count == 2)
    for stream in asked { pair.server.submitResponse(ResponseHead(status: 204), on: stream) }
    try pair.run()
    #expect(pair.clientLog[first].response?.status == 204 && pair.clientLog[second].response?.status == 204)
    #expect(pair.server.openStreamCount == 0 && pair.client.openStreamCount == 0)
    pair.expectNoViolation()
  }

  @Test("a shutdown at once rejects what crosses it, and the client may send it elsewhere", arguments: [false, true])
  func immediateShutdown(isReversed: Bool) throws {
    let pair = try SessionPair(isReversed: isReversed)
    let first = try #require(pair.client.submitRequest(.get("/first")))
    try pair.run()
    pair.server.completeShutdown()
    let second = try #require(pair.client.submitRequest(.post("/second")))
    try pair.clientTransport.writePass()
    try pair.run()
    #expect(pair.clientLog[second].reset == .requestRejected)
    #expect(pair.clientLog[second].isClosed)
    #expect(pair.serverLog[second].request == nil)
    #expect(!pair.clientLog[first].isClosed)
    pair.expectNoViolation()
  }

  @Test("a client that goes away finishes what it began")
  func clientGoesAway() throws {
    let pair = try SessionPair()
    var asked: [HTTP3Stream] = []
    pair.onRequest = { stream, _ in asked.append(stream) }
    let stream = try #require(pair.client.submitRequest(.get()))
    try pair.run()
    pair.client.beginShutdown()
    pair.client.completeShutdown()
    try pair.run()
    #expect(pair.serverLog.goAways.count == 2)
    #expect(!pair.client.canOpenRequest)
    pair.server.submitResponse(ResponseHead(status: 204), on: asked[0])
    try pair.run()
    #expect(pair.clientLog[stream].response?.status == 204)
    pair.expectNoViolation()
  }

  @Test("after the connection is gone nothing is told and every call is harmless")
  func connectionClosed() throws {
    let pair = try SessionPair()
    let stream = try #require(pair.client.submitRequest(.post()))
    pair.client.sendBody(ByteBuffer(repeating: 1, count: 100_000), on: stream)
    try pair.step()
    #expect(pair.client.openStreams.count == 1)
    pair.client.connectionClosed()
    #expect(pair.client.openStreams.isEmpty)
    #expect(pair.client.nextEvent() == nil)
    pair.client.sendBody(ByteBuffer(string: "x"), on: stream)
    pair.client.finish(stream, trailers: ["a": "b"])
    pair.client.consumed(10, on: stream)
    pair.client.stopReading(stream, .noError)
    pair.client.reset(stream, .requestCancelled)
    pair.client.beginShutdown()
    #expect(pair.client.submitRequest(.get()) == nil)
    #expect(pair.client.nextEvent() == nil)
  }

  @Test("a shutdown that is ordered twice is one, also behind a request that it refused")
  func shutdownTwice() throws {
    let pair = try SessionPair()
    try pair.run()
    pair.server.completeShutdown()
    _ = pair.client.submitRequest(.get("/late"))
    try pair.clientTransport.writePass()
    try pair.run()
    pair.server.completeShutdown()
    try pair.run()
    pair.expectNoViolation()
  }
}
