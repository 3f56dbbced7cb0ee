internal import Glibc
import NIOCore
import NIOPosix

/// Ends TCP connections whose other end is gone without a word: what was sent and is not acknowledged within five minutes, and a
/// peer that owes the rest of a message and does not even answer TCP's keep-alive, end the connection.
///
/// Linux counts a window that stays shut for so long as the same (`tcp_probe_timer`): a client, or an HTTP/1.1 origin, that takes
/// nothing of what there is for it for five minutes loses the connection. HTTP/2 peers read on, their flow control is above
/// TCP's.
///
/// Tunnels are as TCP itself is: who leaves what it is sent unread keeps its connection for as long as its kernel answers probes
/// and the tunnel is open at one side at least (`CloseLimits` for what comes then).
enum TCPLiveness {
  case messages, tunnels

  fileprivate var options: [(ChannelOptions.Types.SocketOption, Int)] {
    switch self {
    case .messages: Self.keepAlive + [(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), 300_000)]
    case .tunnels: Self.keepAlive
    }
  }

  private static let keepAlive: [(ChannelOptions.Types.SocketOption, Int)] = [
    (.socketOption(.so_keepalive), 1),
    (.tcpOption(.init(rawValue: TCP_KEEPIDLE)), 60),
    (.tcpOption(.init(rawValue: TCP_KEEPINTVL)), 15),
    (.tcpOption(.init(rawValue: TCP_KEEPCNT)), 4),
  ]
}

extension ClientBootstrap {
  /// Notices origins that are gone without a word.
  func channelLiveness(_ liveness: TCPLiveness) -> ClientBootstrap {
    liveness.options.reduce(self) { $0.channelOption($1.0, value: $1.1) }
  }
}

extension ServerBootstrap {
  /// Notices clients that are gone without a word. Set on the listening socket: Linux hands these options down to what it
  /// accepts, which saves system calls for each connection.
  func serverChannelLiveness(_ liveness: TCPLiveness) -> ServerBootstrap {
    liveness.options.reduce(self) { $0.serverChannelOption($1.0, value: $1.1) }
  }
}
