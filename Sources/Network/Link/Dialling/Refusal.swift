import QUICTransport

extension ConnectionClosure {
  /// The peer has answered the handshake with a refusal: it has served nothing on this connection. Codes from 0x100 on are alerts
  /// of TLS (RFC 9001 §4.8).
  var isRefusal: Bool {
    guard case .handshake = cause, case .transport(let code)? = self.code else { return false }
    return code == 0x2 || (0x100...0x1ff).contains(code)
  }

  /// Of an attempt whose handshake was not complete: the core's TLS has not answered its ticket. Nothing came, we gave it up, or the core
  /// takes no connections now (CONNECTION_REFUSED) or no Retry token (INVALID_TOKEN), which it says before it reads the handshake.
  var leavesTicketUnused: Bool {
    switch (cause, code) {
    case (_, .transport(0x2)?), (_, .transport(0xb)?), (.end(.closedByUs), _): true
    case (.handshake(.timedOut), _), (.handshake(.addressChanged), _), (.handshake(.abandoned), _): true
    default: false
    }
  }
}

extension Duration {
  /// For log lines: tenths of seconds.
  var rounded: String {
    let tenths = Int((self / .milliseconds(100)).rounded())
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
