import Crypto
import HTTP1
import HTTPMessage

/// The part of WebSocket's opening handshake (RFC 6455 §4) that belongs to one HTTP/1.1 connection: a key, and an answer to it
/// that proves that a WebSocket server has read it. Extended CONNECT has neither (RFC 8441 §5), so each HTTP/1.1 wire does its
/// own.
enum WebSocketHandshake {
  /// Whether a protocol, as `:protocol` names it in any case, has this handshake.
  static func isNeeded(for protocolName: some Sequence<UInt8>) -> Bool {
    protocolName.lazy.map { (65...90).contains($0) ? $0 | 0x20 : $0 }.elementsEqual("websocket".utf8)
  }

  /// A fresh `Sec-WebSocket-Key`.
  static func key() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return Array(Base64.text((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }).utf8)
  }

  /// `Sec-WebSocket-Accept` for a key.
  static func accept(_ key: [UInt8]) -> [UInt8] {
    Array(Base64.text(Array(Insecure.SHA1.hash(data: key + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))).utf8)
  }
}
