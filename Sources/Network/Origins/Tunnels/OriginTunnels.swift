import Exchange
import Gateway
import NIOCore
import Wires

/// Tunnels to one origin: each has a connection of its own, that is made for it and closed with it.
///
/// A connection that was opened in advance would be none: servers that speak first, or that wait for a login, count from its
/// first moment. So there is nothing to share, and no limit but that of the streams on which tunnels come.
final class OriginTunnels: ExchangeHandler {
  private let connector: OriginConnector
  private let turn: LoopTurn
  /// Told of each connection that was made, and of each that could not be.
  private let onOutcome: (Result<Void, any Error>) -> Void

  init(connector: OriginConnector, turn: LoopTurn, onOutcome: @escaping (Result<Void, any Error>) -> Void = { _ in }) {
    self.connector = connector
    self.turn = turn
    self.onOutcome = onOutcome
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = WaitingExchange(request, respondingTo: sink)
    connector.connect(turn: turn, onTurn: { _ in }, onClose: { _ in }).assumeIsolated().whenComplete { [connector, onOutcome] result in
      switch result {
      case .success(let connection):
        onOutcome(.success(()))
        // Its client may have left meanwhile.
        guard exchange.isWaiting else { return connection.value.retire() }
        exchange.resume(on: connection.value.wire)
      case .failure(let error):
        onOutcome(.failure(error))
        exchange.fail(OriginFailure.gatewayError(for: error, origin: connector.origin, timeout: connector.timeout))
      }
    }
    return exchange
  }
}
