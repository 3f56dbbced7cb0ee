/// How the content behind a written head is framed (RFC 9112 §6).
public enum HTTP1Framing: Sendable, Equatable {
  /// Exactly so many bytes follow; none for a head without content.
  case length(UInt64)
  /// Chunks follow, and a last chunk.
  case chunked
  /// The end of the connection is the end of the content.
  case untilClose
}
