internal import Glibc
import NIOCore

extension Channel {
  /// Makes the kernel send RST instead of FIN when this TCP channel is closed: a lingering time of zero. So the peer cannot take
  /// what it has for the whole. Other channels are left alone.
  func resetOnClose() {
    if let socket = self as? any SocketOptionProvider { _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)) }
  }
}
