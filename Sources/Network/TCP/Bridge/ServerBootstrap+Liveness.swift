internal import Glibc
import NIOCore
import NIOPosix

extension ServerBootstrap {
  /// Ends connections whose client is gone without a word, or has not taken a byte for five minutes though there were some for it.
  ///
  /// Set on the listening socket: Linux hands these options down to what it accepts, which saves system calls for each connection.
  func serverChannelLiveness() -> ServerBootstrap {
    serverChannelOption(.socketOption(.so_keepalive), value: 1)
      .serverChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 60)
      .serverChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 15)
      .serverChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 4)
      .serverChannelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: 300_000)
  }
}
