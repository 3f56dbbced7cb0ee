import HTTP3
import HTTP3TestSupport
import HTTPMessage
import QUICTransport
import Testing

@Suite("Malformed messages end their stream and nothing else")
struct MalformedMessageTests {
  /// Heads that RFC 9114 §4.2 and §4.3 forbid, with the reason in their first line.
  static let badHeads: [(String, [(String, String)])] = [
    ("no path", [(":method", "GET"), (":scheme", "https"), (":authority", "a")]),
    ("no method", [(":scheme", "https"), (":authority", "a"), (":path", "/")]),
    ("no scheme", [(":method", "GET"), (":authority", "a"), (":path", "/")]),
    ("no authority and no host", [(":method", "GET"), (":scheme", "https"), (":path", "/")]),
    ("empty authority", [(":method", "GET"), (":scheme", "https"), (":authority", ""), (":path", "/")]),
    ("empty path", [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "")]),
    ("path without slash", [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "x")]),
    ("path with space", [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/ HTTP/1.1\r\n")]),
    ("method with space", [(":method", "GET /"), (":scheme", "https"), (":authority", "a"), (":path", "/")]),
    ("duplicate path", [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/"), (":path", "/b")]),
    ("duplicate method", [(":method", "GET"), (":method", "POST"), (":scheme", "https"), (":authority", "a"), (":path", "/")]),
    ("unknown pseudo field", RawFrames.plainRequest + [(":unknown", "x")]),
    ("status in a request", RawFrames.plainRequest + [(":status", "200")]),
    ("pseudo field behind a field", [(":method", "GET"), ("a", "b"), (":scheme", "https"), (":authority", "a"), (":path", "/")]),
    ("upper case name", RawFrames.plainRequest + [("Upper", "x")]),
    ("connection", RawFrames.plainRequest + [("connection", "close")]),
    ("transfer-encoding", RawFrames.plainRequest + [("transfer-encoding", "chunked")]),
    ("keep-alive", RawFrames.plainRequest + [("keep-alive", "1")]),
    ("upgrade", RawFrames.plainRequest + [("upgrade", "websocket")]),
    ("proxy-connection", RawFrames.plainRequest + [("proxy-connection", "close")]),
    ("http2-settings", RawFrames.plainRequest + [("http2-settings", "AAMAAABk")]),
    ("te other than trailers", RawFrames.plainRequest + [("te", "gzip")]),
    ("two lengths", RawFrames.plainRequest + [("content-length", "0"), ("content-length", "5")]),
    ("list of lengths", RawFrames.plainRequest + [("content-length", "5, 5")]),
    ("signed length", RawFrames.plainRequest + [("content-length", "+5")]),
    ("empty length", RawFrames.plainRequest + [("content-length", "")]),
    ("hexadecimal length", RawFrames.plainRequest + [("content-length", "0x5")]),
    ("length of nineteen digits", RawFrames.plainRequest + [("content-length", "1000000000000000000")]),
    ("host other than authority", RawFrames.plainRequest + [("host", "elsewhere")]),
    ("two hosts", RawFrames.plainRequest + [("host", "service"), ("host", "service")]),
    ("user information in authority", [(":method", "GET"), (":scheme", "https"), (":authority", "u:p@a"), (":path", "/")]),
    ("one CR as value", RawFrames.plainRequest + [("x-one", "\r")]),
    ("one LF as value", RawFrames.plainRequest + [("x-one", "\n")]),
    ("one NUL as value", RawFrames.plainRequest + [("x-one", "\0")]),
    ("CONNECT with a path", [(":method", "CONNECT"), (":authority", "a:1"), (":path", "/")]),
    ("CONNECT with a length", [(":method", "CONNECT"), (":authority", "a:1"), ("content-length", "5")]),
    ("CONNECT without authority", [(":method", "CONNECT")]),
    ("protocol without CONNECT", RawFrames.plainRequest + [(":protocol", "websocket")]),
  ]

  @Test("a request head that breaks a rule is refused with H3_MESSAGE_ERROR", arguments: badHeads.indices)
  func badRequestHead(index: Int) throws {
    let (name, fields) = Self.badHeads[index]
    let peer = try RawPeer(against: .server)
    try peer.sendSettings()
    let stream = try peer.send(request: RawFrames.headers(fields))
    #expect(peer.log.messages[stream] == nil, "\(name) was served")
    #expect(peer.resetCode(stream) == .messageError, "\(name)")
    #expect(peer.log.refused.count == 1, "\(name)")
    #expect(peer.session.openStreamCount == 0, "\(name)")
    try peer.expectAlive()
  }

  @Test("fields that RFC 9110 does not allow never get through")
  func badCharactersAreDropped() throws {
    let peer = try RawPeer(against: .server)
    try peer.sendSettings()
    let stream = try peer.send(
      request: RawFrames.headers(
        RawFrames.plainRequest + [
          ("x-crlf", "a\r\nb: c"), ("x-nul", "a\0b"), ("x y", "v"), ("x-lead", " v"), ("content-length\r\n", "5"),
          ("x-good", "v"),
        ]))
    #expect(peer.log.messages[stream]?.request?.fields.map { String(decoding: $0.name, as: UTF8.self) }.last == "x-good")
    #expect(peer.log.messages[stream]?.request?.fields.count == 5)
    try peer.expectAlive()
  }

  @Test("content that is not as long as declared", arguments: [("4", "abc"), ("4", "abcde"), ("0", "a"), ("1", "")])
  func lengthMismatch(length: String, content: String) throws {
    let peer = try RawPeer(against: .server)
    try peer.sendSettings()
    let head = RawFrames.headers(RawFrames.plainRequest + [("content-length", length)])
    let stream = try #require(peer.transport.openForInjection(isUnidirectional: false))
    try peer.send(head, on: stream)
    #expect(peer.log.messages[stream]?.request?.bodyLength == .known(UInt64(length)!))
    try peer.send(RawFrames.data(content), on: stream, isFinal: true)
    #expect(peer.log.messages[stream]?.defect == .malformed)
    #expect(peer.log.messages[stream]?.isComplete == false)
    #expect(peer.log.messages[stream]?.isClosed == true)
    #expect(peer.resetCode(stream) == .messageError)
    try peer.expectAlive()
  }

  @Test("content that is not as long as declared, in one piece with its head")
  func lengthMismatchAtOnce() throws {
    let peer = try RawPeer(against: .server)
    try peer.sendSettings()
    let head = RawFrames.headers(RawFrames.plainRequest + [("content-length", "4")])
    let stream = try peer.send(request: head + RawFrames.data("abc"))
    #expect(peer.log.messages[stream] == nil, "nobody sees it")
    #expect(peer.log.refused == [.malformed])
    #expect(peer.resetCode(stream) == .messageError)
    try peer.expectAlive()
  }

  @Test("a stream that ends before a request stands on it")
  func emptyStream() throws {
    let peer = try RawPeer(against: .server)
    try peer.sendSettings()
    let stream = try peer.send(request: [])
    #expect(peer.log.refused == [.incomplete])
    #expect(peer.resetCode(stream) == .requestIncomplete)
    try peer.expectAlive()
  }

  @Test("pseudo fields in trailers")
  func pseudoFieldInTrailers() throws {
    let peer = try RawPeer(against: .server)
    try peer.sendSettings()
    let stream = try peer.send(request: RawFrames.headers(RawFrames.plainRequest), isFinal: false)
    try peer.send(RawFrames.headers([(":path", "/x")]), on: stream, isFinal: true)
    #expect(peer.log.messages[stream]?.defect == .malformed)
    #expect(peer.resetCode(stream) == .messageError)
    try peer.expectAlive()
  }

  /// Answers that a client must not take.
  static let badAnswers: [(String, [UInt8])] = [
    ("no status", RawFrames.headers([("a", "b")])),
    ("status of two digits", RawFrames.headers([(":status", "20")])),
    ("status that is no number", RawFrames.headers([(":status", "2x0")])),
    ("101", RawFrames.headers([(":status", "101")])),
    ("two statuses", RawFrames.headers([(":status", "200"), (":status", "404")])),
    ("only interim", RawFrames.headers([(":status", "103")])),
    ("content for 204", RawFrames.headers([(":status", "204")]) + RawFrames.data("x")),
    ("content for 304", RawFrames.headers([(":status", "304")]) + RawFrames.data("x")),
    ("length mismatch", RawFrames.headers([(":status", "200"), ("content-length", "5")]) + RawFrames.data("x")),
    ("two lengths", RawFrames.headers(RawFrames.plainResponse + [("content-length", "1"), ("content-length", "1")])),
    ("connection", RawFrames.headers([(":status", "200"), ("connection", "close")])),
  ]

  @Test("an answer that breaks a rule fails its request only", arguments: badAnswers.indices)
  func badAnswer(index: Int) throws {
    let (name, bytes) = Self.badAnswers[index]
    let peer = try RawPeer(against: .client)
    try peer.sendSettings()
    let bad = try #require(peer.session.submitRequest(.get()))
    let good = try #require(peer.session.submitRequest(.get()))
    try peer.run()
    try peer.send(bytes, on: bad.id, isFinal: true)
    #expect(peer.log[bad].defect == .malformed, "\(name)")
    #expect(!peer.log[bad].isComplete, "\(name)")
    #expect(peer.closeCode == nil, "\(name)")
    try peer.send(RawFrames.headers(RawFrames.plainResponse), on: good.id, isFinal: true)
    #expect(peer.log[good].isComplete && peer.log[good].response?.status == 200, "\(name)")
  }

  @Test("content in an answer to HEAD")
  func contentForHead() throws {
    let peer = try RawPeer(against: .client)
    try peer.sendSettings()
    let stream = try #require(
      peer.session.submitRequest(RequestHead(method: "HEAD", scheme: "https", authority: "a", path: "/")))
    try peer.run()
    try peer.send(RawFrames.headers([(":status", "200"), ("content-length", "1")]) + RawFrames.data("x"), on: stream.id)
    #expect(peer.log[stream].defect == .malformed)
  }
}
