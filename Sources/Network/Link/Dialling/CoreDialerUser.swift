import Events
import QUICTransport

/// Who wants connections to a core and serves what comes on them; on the dialer's loop.
protocol CoreDialerUser<Wire>: AnyObject {
  associatedtype Wire: DialledWire

  /// Makes what feeds and drains the next attempt.
  func makeWire() -> Wire
  /// Whether somebody waits for a connection.
  var isWanting: Bool { get }
  /// An attempt has begun; with `isEarly` what is sent now leaves with the first flight.
  func began(_ dialled: DialledConnection<Wire>, isEarly: Bool)
  /// The core has proved who it is: this is the present connection now, and the former one keeps what is open on it.
  func uses(_ dialled: DialledConnection<Wire>, insteadOf former: DialledConnection<Wire>?)
  /// Something was received or a timer has fired; `Wire.processEvents()` was called.
  func processed(_ dialled: DialledConnection<Wire>)
  /// The present connection does not answer; others are tried beside it.
  func suspects(_ dialled: DialledConnection<Wire>)
  /// The present connection answers again.
  func hears(_ dialled: DialledConnection<Wire>)
  /// Whether something that an attempt carries has begun to be answered there, although another one was faster.
  func isAnswered(on dialled: DialledConnection<Wire>) -> Bool
  /// The present connection takes or carries no more. Whether no other is needed now.
  func mayRest(_ dialled: DialledConnection<Wire>) -> Bool
  /// The connection is over; what was open on it is to be told so.
  func ended(_ dialled: DialledConnection<Wire>, _ closure: ConnectionClosure)
  func report(_ phase: LinkPhase, core: CoreName, reason: String)
  /// What the present connection to a core is called in metrics.
  func title(of core: CoreName) -> String
}
