import HTTP3
import HTTP3TestSupport
import HTTPMessage
import QUICTransport
import Testing

@Suite("Limits of field sections")
struct LimitTests {
  /// Fields that together just keep to, or just break, a limit.
  static func fields(over: Bool, _ limit: String) -> [(String, String)] {
    let extra = over ? 1 : 0
    switch limit {
    case "name": return [(String(repeating: "n", count: 256 + extra), "v")]
    case "value": return [("x-value", String(repeating: "v", count: 32 * 1024 + extra))]
    default:
      let pseudo = RawFrames.plainRequest.reduce(0) { $0 + $1.0.utf8.count + $1.1.utf8.count + 32 }
      let rest = 64 * 1024 - pseudo - 2 * (32 + 1) + extra
      return [("a", String(repeating: "v", count: rest / 2)), ("b", String(repeating: "v", count: rest - rest / 2))]
    }
  }

  @Test("a request at the limit is served, one over it answered 431", arguments: ["value", "section"])
  func request(limit: String) throws {
    let peer = try RawPeer(against: .server)
    try peer.sendSettings()
    let served = try peer.send(request: RawFrames.headers(RawFrames.plainRequest + Self.fields(over: false, limit)))
    #expect(peer.log.messages[served]?.isComplete == true)
    let refused = try peer.send(request: RawFrames.headers(RawFrames.plainRequest + Self.fields(over: true, limit)))
    #expect(peer.log.messages[refused] == nil)
    #expect(peer.log.refused == [.fieldsTooLarge])
    try peer.expectAlive()
  }

  @Test("an endless section is answered before its end")
  func endlessSection() throws {
    let peer = try RawPeer(against: .server)
    try peer.sendSettings()
    let stream = try #require(peer.transport.openForInjection(isUnidirectional: false))
    let field = RawFrames.section([(Array("x".utf8), [UInt8](repeating: 0x61, count: 1000))]).dropFirst(2)
    let pseudo = RawFrames.section(RawFrames.plainRequest.map { (Array($0.0.utf8), Array($0.1.utf8)) })
    try peer.send([0x01] + RawFrames.varint(1 << 29) + pseudo, on: stream)
    for _ in 0..<100 { try peer.send(Array(field), on: stream) }
    #expect(peer.log.refused == [.fieldsTooLarge])
    #expect(peer.stopCode(stream) == .noError)
    let answered = peer.target.sentPackets.joined().contains { if case .stream(stream, _, true) = $0 { true } else { false } }
    #expect(answered, "the answer is complete although the request is not")
    try peer.expectAlive()
  }

  @Test("the client sees 431, and the connection goes on")
  func clientSees431() throws {
    let pair = try SessionPair()
    pair.onRequest = { [server = pair.server] stream, _ in server.submitResponse(ResponseHead(status: 204), on: stream) }
    var fields = FieldSection()
    for limit in ["name", "value"] {
      fields = FieldSection()
      for (name, value) in Self.fields(over: true, limit) { fields.append(name: name.utf8, value: value.utf8) }
      let stream = try #require(pair.client.submitRequest(.get(fields: fields)))
      try pair.run()
      #expect(pair.clientLog[stream].response?.status == 431)
      #expect(pair.clientLog[stream].isComplete)
    }
    let next = try #require(pair.client.submitRequest(.get()))
    try pair.run()
    #expect(pair.clientLog[next].response?.status == 204)
    #expect(pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0)
    pair.expectNoViolation()
  }

  @Test("a whole section at the limits crosses")
  func largestSection() throws {
    let pair = try SessionPair()
    var fields = FieldSection()
    fields.append(name: String(repeating: "n", count: 256).utf8, value: "v".utf8)
    fields.append(name: "x-value".utf8, value: String(repeating: "v", count: 32 * 1024).utf8)
    fields.append(name: "x-other".utf8, value: String(repeating: "w", count: 30 * 1024).utf8)
    let head = RequestHead.get(fields: fields)
    let stream = try #require(pair.client.submitRequest(head))
    try pair.run()
    #expect(pair.serverLog[stream].request == head)
    pair.expectNoViolation()
  }

  @Test("an answer or trailers over the limit fail their request only")
  func answersAndTrailers() throws {
    var large = FieldSection()
    large.append(name: "x".utf8, value: [UInt8](repeating: 0x61, count: 40_000))
    let pair = try SessionPair()
    let tooLarge = large
    pair.onRequest = { [server = pair.server] stream, head in
      if head.fields.text(.path) == "/head" {
        server.submitResponse(ResponseHead(status: 200, fields: tooLarge), on: stream)
      } else {
        server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
        server.finish(stream, trailers: tooLarge)
      }
    }
    let head = try #require(pair.client.submitRequest(.get("/head")))
    let trailers = try #require(pair.client.submitRequest(.get("/trailers")))
    try pair.run()
    #expect(pair.clientLog[head].defect == .fieldsTooLarge)
    #expect(pair.clientLog[trailers].defect == .fieldsTooLarge)
    pair.onRequest = { _, _ in }
    let upload = try #require(pair.client.submitRequest(.post("/upload")))
    try pair.run()
    pair.client.finish(upload, trailers: large)
    try pair.run()
    #expect(pair.serverLog[upload].defect == .fieldsTooLarge)
    #expect(pair.clientLog[upload].reset == .excessiveLoad)
    for stream in pair.client.openStreams { pair.client.reset(stream, .requestCancelled) }
    try pair.run()
    #expect(pair.client.openStreamCount == 0 && pair.server.openStreamCount == 0)
    pair.expectNoViolation()
  }
}
