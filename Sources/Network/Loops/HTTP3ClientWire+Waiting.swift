import Exchange
import NIOCore
import Wires

extension HTTP3ClientWire {
  /// Bounds how long an exchange that was opened here may wait for a stream of the connection.
  ///
  /// - Parameter limit: the timer's, for the error's message.
  func boundWait(of exchange: any RequestSink, by timer: CoarseTimer, limit: TimeAmount) {
    // Nearly none does, so the closure is made only for those.
    guard isWaiting(exchange) else { return }
    var wait: LimitedWait?
    _ = isWaiting(exchange, onEnd: { wait?.end() })
    wait = timer.begin { [unowned self] in giveUp(exchange, after: limit.text) }
  }
}
