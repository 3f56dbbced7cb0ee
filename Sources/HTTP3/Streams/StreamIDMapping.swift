internal import QUICTransport

/// Turns the transport's stream identifiers into nghttp3's and back; nothing else in this module compares or computes one.
///
/// nghttp3 takes it for granted that the HTTP client is the QUIC client. On a reversed connection
/// (draft-thomson-ptth-potato) it is the QUIC server, so requests travel on server-initiated streams; with bit 0 of each
/// identifier inverted in both directions nghttp3 sees the connection that it expects.
struct StreamIDMapping: Equatable {
  /// Whether the HTTP client is the QUIC server.
  let isReversed: Bool

  /// - Parameters:
  ///   - role: the HTTP role of this end.
  ///   - isQUICClient: the QUIC role of this end.
  init(role: HTTP3Role, isQUICClient: Bool) {
    isReversed = (role == .client) != isQUICClient
  }

  func libraryID(_ stream: StreamID) -> Int64 {
    isReversed ? stream.rawValue ^ 1 : stream.rawValue
  }

  func stream(_ libraryID: Int64) -> StreamID {
    StreamID(rawValue: isReversed ? libraryID ^ 1 : libraryID)
  }

  /// Whether a stream carries a request, which only the HTTP client may open (RFC 9114 §6.1).
  func isRequestStream(_ stream: StreamID) -> Bool {
    !stream.isUnidirectional && stream.isClientInitiated != isReversed
  }
}
