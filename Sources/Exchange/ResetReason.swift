/// Why one direction of an exchange ended before its end, in terms that every wire can say: HTTP/2 and HTTP/3 have a code for
/// each, HTTP/1.1 closes the connection.
public enum ResetReason: Sendable, Equatable {
  /// The receiver does not want the rest and nothing is wrong: NO_ERROR, H3_NO_ERROR.
  case noError
  /// The client is no longer interested: CANCEL, H3_REQUEST_CANCELLED.
  case cancelled
  /// Nothing of the request was processed; it may be sent again: REFUSED_STREAM, H3_REQUEST_REJECTED.
  case refused
  /// The peer broke the protocol in this message: PROTOCOL_ERROR, H3_MESSAGE_ERROR.
  case malformed
  /// The peer asks for more than it may have: ENHANCE_YOUR_CALM, H3_EXCESSIVE_LOAD.
  case excessiveLoad
  /// A fault on our side or behind us: INTERNAL_ERROR, H3_INTERNAL_ERROR.
  case internalError
  /// The message ended early: INTERNAL_ERROR, H3_REQUEST_INCOMPLETE.
  case incomplete
  /// The connection under the stream went away.
  case connectionLost
}
