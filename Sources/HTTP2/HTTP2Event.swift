public import HTTPMessage
public import NIOCore

/// What happened on a session, in the order in which it happened.
public enum HTTP2Event {
  /// A request; `head.bodyLength` is `.none` when END_STREAM came with it, and then `end` follows.
  case requestHead(HTTP2Stream, RequestHead)
  /// A request whose fields are more than the limits allow. The stream is open: it is to be answered (431) and ended.
  case requestTooLarge(HTTP2Stream)
  /// A 1xx response.
  case interimHead(HTTP2Stream, ResponseHead)
  /// A final response.
  case responseHead(HTTP2Stream, ResponseHead)
  /// Content; outstanding until `HTTP2Session.consumed(_:on:)`.
  case body(HTTP2Stream, ByteBuffer)
  /// END_STREAM, with trailers if there were any.
  case end(HTTP2Stream, trailers: FieldSection?)
  /// So many bytes of content have gone into the output since the last such event.
  case bodyTaken(HTTP2Stream, byteCount: Int)
  /// The peer broke the protocol; the stream, or without one the connection, has been reset.
  case refused(HTTP2Stream?, HTTP2Refusal)
  /// The stream is over: both sides have ended it (`noError`), or one has reset it.
  case closed(HTTP2Stream, HTTP2ErrorCode, isByPeer: Bool)
  /// The peer takes no new streams; those behind `lastStreamID` are closed with `refusedStream` (RFC 9113 §6.8).
  case goAway(HTTP2ErrorCode, lastStreamID: Int32)
  /// The peer's SETTINGS have arrived.
  case settingsReceived
}

/// Why a stream or a connection was refused.
public enum HTTP2Refusal: Sendable, Equatable {
  /// A message breaks RFC 9113 §8 or RFC 9110's syntax.
  case malformed(String)
  /// Fields of a response or trailers are more than the limits allow.
  case fieldsTooLarge
  /// Frames break the framing layer (RFC 9113 §4 to §6); the connection ends.
  case connectionError(String)
  /// The peer makes more work than it may: resets, SETTINGS or PING floods.
  case excessive(String)
}
