public import HTTPMessage
public import NIOCore
public import QUICTransport

/// What happened on a session since its owner last asked. Events of one stream come in the order of this list.
public enum HTTP3Event {
  /// A request began (servers). `isEarly`: its head came in 0-RTT, before the handshake was complete (RFC 8470).
  case request(HTTP3Stream, RequestHead, isEarly: Bool)
  /// An interim response (clients; RFC 9110 §15.2).
  case interim(HTTP3Stream, ResponseHead)
  /// The final response's head (clients).
  case response(HTTP3Stream, ResponseHead)
  /// Content: everything of this stream since the last time. The window opens again by `HTTP3Session.consumed(_:on:)`.
  case body(HTTP3Stream, ByteBuffer)
  /// The peer's message is complete.
  case end(HTTP3Stream, trailers: FieldSection?)
  /// RESET_STREAM: the peer's message ends here, incomplete.
  case peerReset(HTTP3Stream, HTTP3ErrorCode)
  /// The peer's message broke a rule; the session has reset the stream in both directions.
  case malformed(HTTP3Stream, MessageDefect)
  /// STOP_SENDING: the peer reads no more of our message.
  case peerStoppedReading(HTTP3Stream, HTTP3ErrorCode)
  /// So many further bytes of our content left for packets; their producer may send as many more.
  case sent(HTTP3Stream, byteCount: Int)
  /// Both directions are over and nothing follows. `code` is nil after a clean end.
  case closed(HTTP3Stream, HTTP3ErrorCode?)

  /// A request that was refused before anybody saw it: answered 431, or reset (servers).
  case refused(MessageDefect)
  /// The peer opens or, for a server as peer, accepts no more requests (GOAWAY, RFC 9114 §5.2). Requests on streams from
  /// `refusedFrom` on were not processed and are reported as `peerReset` with `H3_REQUEST_REJECTED`.
  case goAway(refusedFrom: StreamID?)
  /// Requests can be opened that could not before.
  case streamsAvailable
}

/// Which rule a peer's message broke.
public enum MessageDefect: Error, Sendable, Equatable {
  /// RFC 9114 §4.1.2 in general: framing of the message, pseudo-header fields, characters, declared length.
  case malformed
  /// More than one way to tell where the content ends.
  case ambiguousLength
  /// A field that belongs to one connection only (RFC 9114 §4.2).
  case forbiddenField
  /// A name, value or section over the limits.
  case fieldsTooLarge
  /// The stream ended before a request stood on it (RFC 9114 §4.1).
  case incomplete
}
