import HTTP2
import LinkEmulator
import NIOCore
import Testing

/// Bytes that break the framing layer, and peers that make more work than they may: the connection ends with GOAWAY.
@Suite struct ConnectionErrorTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var testDescription: String { name }
  }

  static let rows: [Row] = [
    Row(name: "HEADERS on stream 0", bytes: RawPeer.headers(RawPeer.get, stream: 0)),
    Row(name: "HEADERS on an even stream", bytes: RawPeer.headers(RawPeer.get, stream: 2)),
    Row(name: "DATA on an idle stream", bytes: RawPeer.data("x", stream: 1, ends: true)),
    Row(name: "RST_STREAM on an idle stream", bytes: RawPeer.reset(1)),
    Row(name: "CONTINUATION without HEADERS", bytes: RawPeer.frame(type: 9, flags: 4, stream: 1, [])),
    Row(
      name: "another frame inside a field block",
      bytes: RawPeer.frame(type: 1, flags: 0, stream: 1, [0x82])
        + RawPeer.frame(type: 6, flags: 0, stream: 0, [UInt8](repeating: 0, count: 8))),
    Row(name: "bad HPACK", bytes: RawPeer.frame(type: 1, flags: 5, stream: 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
    Row(name: "HPACK index 0", bytes: RawPeer.frame(type: 1, flags: 5, stream: 1, [0x80])),
    Row(name: "a frame that is too long", bytes: [0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]),
    Row(name: "SETTINGS of a bad length", bytes: RawPeer.frame(type: 4, flags: 0, stream: 0, [1, 2, 3])),
    Row(name: "SETTINGS with a bad window", bytes: RawPeer.frame(type: 4, flags: 0, stream: 0, [0, 4, 0xff, 0xff, 0xff, 0xff])),
    Row(name: "PING of a bad length", bytes: RawPeer.frame(type: 6, flags: 0, stream: 0, [1])),
    Row(name: "PUSH_PROMISE from a client", bytes: RawPeer.frame(type: 5, flags: 4, stream: 1, [0, 0, 0, 2, 0x82])),
    Row(name: "WINDOW_UPDATE beyond the maximum", bytes: RawPeer.frame(type: 8, flags: 0, stream: 0, [0x7f, 0xff, 0xff, 0xff])),
    Row(name: "GOAWAY of a bad length", bytes: RawPeer.frame(type: 7, flags: 0, stream: 0, [0, 0, 0, 0])),
  ]

  @Test(arguments: rows)
  func endsTheConnection(_ row: Row) {
    var peer = RawPeer()
    peer.send(row.bytes)
    #expect(peer.sentFrameTypes.contains(7), "GOAWAY")
    #expect(peer.session.isFinished)
    #expect(!peer.refusals.isEmpty)
    let before = peer.requests.count
    peer.send(RawPeer.headers(RawPeer.get, stream: 5))
    #expect(peer.requests.count == before)
  }

  @Test func somethingElseThanHTTP2EndsTheConnection() {
    var peer = RawPeer(greets: false)
    peer.send(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    #expect(peer.session.isFinished)
    #expect(peer.refusals.count == 1)
  }

  @Test func aFieldBlockWithoutEndIsBounded() {
    var peer = RawPeer()
    peer.send(RawPeer.frame(type: 1, flags: 1, stream: 1, []))
    for _ in 0..<20 { peer.send(RawPeer.frame(type: 9, flags: 0, stream: 1, [])) }
    #expect(peer.session.isFinished)
  }

  @Test func streamsThatAreResetAtOnceExhaustTheBudget() {
    var peer = RawPeer()
    var id: Int32 = 1
    while !peer.session.isFinished, id < 5000 {
      peer.send(RawPeer.headers(RawPeer.get, stream: id) + RawPeer.reset(id))
      id += 2
    }
    #expect(id == 2003)
    #expect(peer.refusals == [.excessive("streams are reset as fast as they are opened")])
  }

  @Test func malformedStreamsExhaustTheBudgetToo() {
    var peer = RawPeer()
    var id: Int32 = 1
    while !peer.session.isFinished, id < 5000 {
      peer.send(RawPeer.headers([(":method", "GET")], stream: id))
      id += 2
    }
    #expect(id <= 2005)
  }

  @Test func resetsAfterAnAnswerAreHarmless() throws {
    let pair = SessionPair()
    for _ in 0..<3000 {
      let sent = try #require(pair.send(.get()))
      pair.run()
      let stream = pair.requests[pair.requests.count - 1].stream
      pair.server.submitResponse(.init(status: 200, bodyLength: .unknown), on: stream)
      pair.run()
      pair.client.reset(sent.stream, code: .cancel)
      pair.run()
    }
    #expect(!pair.server.isFinished)
    #expect(pair.serverRefusals.isEmpty)
    #expect(pair.server.openStreamCount == 0)
  }

  @Test(arguments: [4, 6] as [UInt8])
  func floodsOfFramesThatWantAnAnswerEndTheConnection(_ type: UInt8) {
    let session = HTTP2Session(role: .server)
    session.receive(ByteBuffer(bytes: RawPeer.preface + RawPeer.frame(type: 4, flags: 0, stream: 0, [])))
    let frame = RawPeer.frame(type: type, flags: 0, stream: 0, type == 6 ? [UInt8](repeating: 0, count: 8) : [])
    let many = ByteBuffer(bytes: (0..<2000).flatMap { _ in frame })
    session.receive(many)
    var refusals: [HTTP2Refusal] = []
    while let event = session.nextEvent() { if case .refused(nil, let refusal) = event { refusals.append(refusal) } }
    guard case .excessive? = refusals.first else {
      Issue.record("not refused: \(refusals)")
      return
    }
    while session.nextOutput() != nil {}
    #expect(session.isFinished)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func damagedFramesNeverTrap(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let valid =
      RawPeer.headers(RawPeer.get + [("x-a", "y")], stream: 1, ends: false) + RawPeer.data("hello", stream: 1, ends: false)
      + RawPeer.headers([("x-t", "1")], stream: 1) + RawPeer.headers(RawPeer.get, stream: 3) + RawPeer.reset(3)
      + RawPeer.frame(type: 8, flags: 0, stream: 0, [0, 0, 1, 0]) + RawPeer.frame(type: 2, flags: 0, stream: 3, [0, 0, 0, 1, 5])
    var refused = 0
    for _ in 0..<1000 {
      var bytes = valid
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      var peer = RawPeer()
      let cut = Int.random(in: 0..<bytes.count, using: &generator)
      peer.send(Array(bytes[..<cut]))
      peer.send(Array(bytes[cut...]))
      if !peer.refusals.isEmpty { refused += 1 }
    }
    #expect(refused > 100, "seed \(seed)")
  }
}
