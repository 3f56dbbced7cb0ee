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
    return base64((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }

  /// `Sec-WebSocket-Accept` for a key.
  static func accept(_ key: [UInt8]) -> [UInt8] {
    base64(Array(Insecure.SHA1.hash(data: key + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))))
  }

  /// RFC 4648 §4.
  private static func base64(_ bytes: [UInt8]) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    return stride(from: 0, to: bytes.count, by: 3).flatMap { start in
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = (0..<3).reduce(0) { $0 << 8 | ($1 < group.count ? Int(group[start + $1]) : 0) }
      return (0..<4).map { $0 <= group.count ? alphabet[bits >> (18 - 6 * $0) & 63] : UInt8(ascii: "=") }
    }
  }
}
