import NIOCore
import Wires

extension HTTP3ServerWire {
  /// GOAWAY in two steps (RFC 9114 §5.2): the notice, and two round trips later the last request that is served.
  ///
  /// - Parameter whenComplete: called behind the second step, on the loop.
  func drain(within roundTrip: Duration, on eventLoop: any EventLoop, whenComplete: @escaping () -> Void) {
    drain()
    let bound = NIOLoopBound((self, whenComplete), eventLoop: eventLoop)
    eventLoop.scheduleTask(in: TimeAmount(max(roundTrip * 2, .milliseconds(50)))) {
      let (wire, whenComplete) = bound.value
      wire.completeDrain()
      whenComplete()
    }
  }
}
