internal import Glibc
import NIOCore
import NIOPosix

extension ClientBootstrap {
  /// Ends connections whose other end is gone without a word: what was sent and is not acknowledged within five minutes, and an
  /// origin that owes the rest of an answer and does not even answer TCP's keep-alive, end the connection.
  ///
  /// Linux counts a window that stays shut for so long as the same (`tcp_probe_timer`): an HTTP/1.1 origin that reads nothing of a
  /// request for five minutes loses the connection. HTTP/2 origins read on, their flow control is above TCP's.
  func channelLiveness() -> ClientBootstrap {
    channelOption(.socketOption(.so_keepalive), value: 1)
      .channelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 60)
      .channelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 15)
      .channelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 4)
      .channelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: 300_000)
  }
}
