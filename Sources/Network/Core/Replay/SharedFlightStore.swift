import NIOCore
import QUICTransport

/// Where cores that share ticket keys remember together which first flights they have served (RFC 8446 §8.2). One object a loop.
///
/// The second step behind a core's own `ReplayRecord`: early requests are held until it has answered.
protocol SharedFlightStore: AnyObject {
  /// Asks whether a flight is new to all cores, and remembers it if it is. `answer` is called once, on the loop and within
  /// `SharedFlightLimits.answer`.
  func admit(_ flight: FlightIdentifier, answer: @escaping (SharedVerdict) -> Void)
}

enum SharedVerdict: Equatable {
  /// No core has seen it before.
  case new
  case seen
  /// It did not answer in time; the handshake is waited for.
  case slow
  /// It cannot be asked; the handshake is waited for.
  case unavailable
}

enum SharedFlightLimits {
  /// Longer than this the handshake does not take much longer.
  static let answer = TimeAmount.milliseconds(5)
}
