import Exchange
import NIOCore
import Wires

extension HTTP3ClientWire {
  /// Bounds how long each exchange that is opened here may wait for a stream of the connection.
  ///
  /// - Parameter limit: the timer's, for the error's message.
  func boundWaits(by timer: CoarseTimer, limit: TimeAmount) {
    onWaitBegan = { [unowned self] in boundWait(of: $0, by: timer, limit: limit) }
  }

  private func boundWait(of exchange: any RequestSink, by timer: CoarseTimer, limit: TimeAmount) {
    guard isWaiting(exchange) else { return }
    var wait: LimitedWait?
    _ = isWaiting(exchange, onEnd: { wait?.end() })
    wait = timer.begin { [unowned self] in giveUp(exchange, after: limit.text) }
  }
}
