public import Events

/// What the owner of a connection learns from `Connection.nextEvent()`; stream data goes to the `StreamApplication` instead.
public enum ConnectionEvent: Sendable {
  /// The TLS handshake is complete (RFC 9001 §4.1.1): on a server, the client's certificate is verified. A client does not know
  /// yet whether the server has accepted its certificate.
  case handshakeCompleted(identity: String?, isResumed: Bool)
  /// Early data of the client was taken (server only): what its application gets before `handshakeCompleted` may be a copy that
  /// somebody sent again, unless the flight is known to be new. The client's certificate, out of the ticket, is verified.
  case earlyDataTaken(identity: String?, flight: FlightIdentifier)
  /// Early data of the client was refused although its session goes on (server only).
  case earlyDataRefused(EarlyDataRefusal)
  /// The server has taken our early data (client only; RFC 9001 §4.6.2), or has refused it and the application begins anew. Comes
  /// right after `handshakeCompleted`.
  case earlyDataAnswered(isAccepted: Bool)
  /// The handshake is confirmed (RFC 9001 §4.1.2): the peer has accepted our certificate too.
  case handshakeConfirmed
  /// The peer's or our address changed, and the new path carries data.
  case migrated(NetworkPath)
  /// The server seems to validate our address (client only; RFC 9000 §8.2): a NAT may have given us another one, for all connections
  /// of the socket. A guess, told at most once a second; not told while bulk is sent.
  case challenged
  /// A ticket to resume the session with (client only).
  case sessionTicket(SessionTicket)
  /// The connection is over. Always the last event, and always told once.
  case closed(ConnectionClosure)
}

/// Why and how a connection ended.
public struct ConnectionClosure: Sendable, Equatable {
  public var cause: Cause
  /// The error code in the CONNECTION_CLOSE frame that was sent or received; nil when there was none.
  public var code: Code?
  /// One sentence for the operator: what happened and, where known, what to do.
  public var reason: String

  public enum Cause: Sendable, Hashable {
    /// Before the handshake was confirmed.
    case handshake(HandshakeFailure)
    /// After that.
    case end(ConnectionEnd)
  }

  public enum Code: Sendable, Hashable {
    /// RFC 9000 §20.1; 0x100 to 0x1ff are TLS alerts.
    case transport(UInt64)
    /// The application protocol's, RFC 9000 §20.2.
    case application(UInt64)
  }
}
