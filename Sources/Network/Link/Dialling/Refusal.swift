import QUICTransport

extension ConnectionClosure {
  /// The peer has answered the handshake with a refusal: it has served nothing on this connection. Codes from 0x100 on are alerts
  /// of TLS (RFC 9001 §4.8).
  var isRefusal: Bool {
    guard case .handshake = cause, case .transport(let code)? = self.code else { return false }
    return code == 0x2 || (0x100...0x1ff).contains(code)
  }
}

extension Duration {
  /// For log lines: tenths of seconds.
  var rounded: String {
    let tenths = Int((self / .milliseconds(100)).rounded())
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
