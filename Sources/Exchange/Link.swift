/// The way to the other end: opens exchanges there and says what state it is in.
///
/// QUIC is the first implementation. Nothing here or in the gateway names it, so that another transport can be the second.
/// Exchanges that the other end opens go to the handler that the link was made with.
public protocol Link: ExchangeHandler {
  /// The state on the loop that the link lives on.
  var state: LinkState { get }
}

/// What an edge knows of its way to the core.
public enum LinkState: Sendable, Equatable {
  /// A handshake is under way, or the next attempt is being waited for.
  case connecting
  /// The core has accepted our certificate (handshake confirmed, RFC 9001 §4.1.2): requests are answered.
  case confirmed
  /// No new exchanges; open ones are finished.
  case draining
  /// Closed for good.
  case closed
}
