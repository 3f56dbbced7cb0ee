import HTTP2
import HTTPMessage
import NIOCore
import Testing

/// What RFC 9113 §8 calls malformed: the stream is reset, the connection goes on.
@Suite struct MalformedRequestTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var fields: [(String, String)]
    var testDescription: String { name }
  }

  private static func with(_ name: String, _ fields: [(String, String)]) -> Row { Row(name: name, fields: RawPeer.get + fields) }

  static let rows: [Row] = [
    Row(name: "no method", fields: [(":scheme", "http"), (":path", "/"), (":authority", "a")]),
    Row(name: "no path", fields: [(":method", "GET"), (":scheme", "http"), (":authority", "a")]),
    Row(name: "no scheme", fields: [(":method", "GET"), (":path", "/"), (":authority", "a")]),
    Row(name: "no authority", fields: [(":method", "GET"), (":scheme", "http"), (":path", "/")]),
    Row(name: "empty path", fields: [(":method", "GET"), (":scheme", "http"), (":path", ""), (":authority", "a")]),
    Row(name: "path without slash", fields: [(":method", "GET"), (":scheme", "http"), (":path", "x"), (":authority", "a")]),
    Row(
      name: "path with a space", fields: [(":method", "GET"), (":scheme", "http"), (":path", "/ HTTP/1.1"), (":authority", "a")]),
    Row(name: "method with a space", fields: [(":method", "GET /x"), (":scheme", "http"), (":path", "/"), (":authority", "a")]),
    Row(name: "userinfo", fields: [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "u@a")]),
    Row(name: "CONNECT with a path", fields: [(":method", "CONNECT"), (":path", "/"), (":authority", "a:1")]),
    Row(
      name: "pseudo-header after a field",
      fields: [(":method", "GET"), ("x", "y"), (":scheme", "http"), (":path", "/"), (":authority", "a")]),
    with("two paths", [(":path", "/y")]), with("unknown pseudo-header", [(":x", "y")]), with(":status", [(":status", "200")]),
    with("upper-case name", [("X-A", "y")]), with("empty name", [("", "y")]), with("name with a space", [("x y", "z")]),
    with("name with a colon", [("x:y", "z")]), with("value with CR", [("x", "y\rz")]), with("value with LF", [("x", "y\nz")]),
    with("value with NUL", [("x", "y\u{0}z")]), with("leading space", [("x", " y")]), with("trailing tab", [("x", "y\t")]),
    with("connection", [("connection", "close")]), with("keep-alive", [("keep-alive", "5")]),
    with("upgrade", [("upgrade", "h2c")]),
    with("transfer-encoding", [("transfer-encoding", "chunked")]), with("proxy-connection", [("proxy-connection", "x")]),
    with("te other than trailers", [("te", "gzip")]), with("bad content-length", [("content-length", "+1")]),
    with("two content-lengths", [("content-length", "0"), ("content-length", "0")]),
    with("content-length without content", [("content-length", "5")]), with("another host", [("host", "b.example")]),
  ]

  @Test(arguments: rows)
  func isReset(_ row: Row) {
    var peer = RawPeer()
    peer.send(RawPeer.headers(row.fields, stream: 1))
    #expect(peer.requests.isEmpty)
    #expect(peer.closed[1] == .protocolError)
    #expect(peer.refusals.count == 1, "\(peer.refusals)")
    peer.send(RawPeer.headers(RawPeer.get, stream: 3))
    #expect(peer.requests.count == 1)
  }

  @Test func contentOfAnotherLengthIsReset() {
    for (text, length) in [("abc", "4"), ("abcde", "4")] {
      var peer = RawPeer()
      peer.send(RawPeer.headers(RawPeer.get + [("content-length", length)], stream: 1, ends: false))
      peer.send(RawPeer.data(text, stream: 1, ends: true))
      #expect(peer.closed[1] == .protocolError)
      #expect(!peer.ended.contains(1))
    }
  }

  @Test func hostBecomesTheAuthority() {
    var peer = RawPeer()
    peer.send(
      RawPeer.headers([(":method", "GET"), (":scheme", "http"), (":path", "/"), ("host", "h.example"), ("x", "y")], stream: 1))
    peer.send(RawPeer.headers(RawPeer.get + [("host", "a.example")], stream: 3))
    #expect(peer.requests.map { $0.fields.text(.authority) } == ["h.example", "a.example"])
    #expect(peer.requests.allSatisfy { !$0.fields.contains(.host) })
  }

  @Test func fieldsBeyondTheLimitsAreAnsweredNotReset() {
    let rows: [[(String, String)]] = [
      [(String(repeating: "n", count: 257), "1")],
      [("x", String(repeating: "v", count: 32 * 1024 + 1))],
      (0..<70).map { ("x\($0)", String(repeating: "v", count: 1000)) },
      (0..<2100).map { ("x\($0)", "") },
    ]
    for row in rows {
      var peer = RawPeer()
      peer.send(RawPeer.headers(RawPeer.get + row, stream: 1))
      #expect(peer.requests.isEmpty)
      #expect(peer.tooLarge.count == 1)
      #expect(peer.closed.isEmpty)
      peer.send(RawPeer.headers(RawPeer.get, stream: 3))
      #expect(peer.requests.count == 1)
    }
  }

  @Test func trailersBeyondTheLimitsResetTheStream() {
    var peer = RawPeer()
    peer.send(RawPeer.headers(RawPeer.get, stream: 1, ends: false))
    peer.send(RawPeer.headers([("x", String(repeating: "v", count: 33_000))], stream: 1))
    #expect(peer.closed[1] == .enhanceYourCalm)
    #expect(peer.refusals == [.fieldsTooLarge])
  }
}
