import NIOCore
import Wires

/// Bounds of the connections to one origin from one event loop.
struct OriginLimits {
  /// Connections open or being opened.
  var connections = 512
  /// Exchanges that wait for a connection.
  var waitingExchanges = 4096
  /// How long a connection is kept without an exchange: less than what balancers and NATs keep, which forget a flow without a
  /// word.
  var idle: TimeAmount = .seconds(60)
  /// How long, after a connection could not be made, those that wait for one that is in use ask for no further.
  var pauseAfterFailure: TimeAmount = .seconds(1)
  /// How long an HTTP/2 origin may be silent.
  var silence = SilenceLimits()
}
