import Exchange
import Gateway
import NIOCore
import Wires

/// Tunnels to one origin: each has a connection of its own, that is made for it and closed with it.
///
/// A connection that was opened in advance would be none: servers that speak first, or that wait for a login, count from its
/// first moment. So there is nothing to share; how many there may be `TunnelCounts` says.
final class OriginTunnels: ExchangeHandler {
  private let connector: OriginConnector
  private let turn: LoopTurn
  private let counts: TunnelCounts
  /// Told of each connection that could not be made.
  var onFailure: (any Error) -> Void = { _ in }

  init(connector: OriginConnector, turn: LoopTurn, counts: TunnelCounts) {
    self.connector = connector
    self.turn = turn
    self.counts = counts
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = WaitingExchange(request, respondingTo: sink)
    let tunnel: CountedTunnel
    do throws(GatewayError) {
      tunnel = try counts.begin(to: connector.origin, for: request.origin.identity)
    } catch {
      exchange.fail(error)
      return exchange
    }
    let pending = PendingConnection()
    exchange.onLeave = { pending.cancel() }
    let connection = connector.connect(turn: turn, pending: pending, onTurn: { _ in }, onClose: { _ in tunnel.end() })
    connection.assumeIsolated().whenComplete { [self] in
      pending.end()
      tunnel.connected()
      switch $0 {
      case .success(let connection):
        // Its client may have left meanwhile.
        guard exchange.isWaiting else { return connection.value.retire() }
        exchange.resume(on: connection.value.wire)
      case .failure(let error):
        tunnel.end()
        // What was given up says nothing about the origin.
        guard !pending.isCancelled else { return }
        onFailure(error)
        exchange.fail(OriginFailure.gatewayError(for: error, origin: connector.origin, timeout: connector.timeout))
      }
    }
    return exchange
  }
}
