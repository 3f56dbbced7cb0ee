/// What a head says about the content behind it.
///
/// A wire that reads a head knows it; a wire that writes the head needs it: HTTP/1.1 to choose its framing (RFC 9112 §6),
/// HTTP/3 to send the head and the end of the stream in one packet.
public enum BodyLength: Sendable, Equatable {
  /// Neither content nor trailers follow: the end follows the head at once.
  case none
  /// Exactly so many bytes of content, then the end.
  case known(UInt64)
  /// Content, possibly empty, and possibly trailers.
  case unknown
}
