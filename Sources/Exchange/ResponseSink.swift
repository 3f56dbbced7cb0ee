public import HTTPMessage
public import NIOCore

/// The incoming side of an exchange: takes the answer towards the client.
///
/// Every call is made on the one event loop that the sink lives on, and may be made already while
/// `ExchangeHandler.open(_:respondingTo:)` runs. A sink records and returns; it never calls the request sink from inside
/// these methods. Order: any number of interim heads, one head, body chunks, then `receiveResponseEnd` or, at any point, `fail`.
public protocol ResponseSink: AnyObject {
  /// A 1xx response other than 101 (RFC 9110 §15.2).
  func receiveInterim(_ head: ResponseHead)

  func receiveHead(_ head: ResponseHead)

  /// Takes ownership of a chunk of content; it is outstanding until reported to `RequestSink.responseConsumed(_:)`.
  func receiveResponseBody(_ chunk: ByteBuffer)

  /// The answer is complete, with trailers if there were any. The request may still be on its way: it goes on until its end,
  /// or until `stopRequest`.
  func receiveResponseEnd(trailers: FieldSection?)

  /// No answer, or no more of it: before the head the client gets the error's status, after it a reset. Nothing follows.
  func fail(_ error: GatewayError)

  /// The origin reads no more of the request (STOP_SENDING, RFC 9114 §4.1); what still arrives from the client is dropped.
  func stopRequest(_ reason: ResetReason)

  /// The origin's side has taken so many bytes of the request's content; lets the client's connection read on.
  /// Reports may stop when the exchange is over: what is outstanding then counts as consumed.
  func requestConsumed(_ byteCount: Int)
}
