public import HTTPMessage
public import NIOCore

/// The outgoing side of an exchange: takes what follows the head of a request towards whoever answers it.
///
/// Names tell the direction, so that one object can be both sinks of an exchange that it passes on.
///
/// Every call is made on the one event loop that the sink lives on. A sink *records*: it queues, marks its connection as having
/// output and returns; it never calls the response sink from inside these methods. So neither side needs to be re-entrant.
/// After `receiveRequestEnd` only `responseConsumed`, `cancel` follow; after `cancel` nothing follows.
public protocol RequestSink: AnyObject {
  /// Takes ownership of a chunk of content. Its bytes count as outstanding until the sink has reported them to
  /// `ResponseSink.requestConsumed(_:)`; a wire stops reading its client when too many are outstanding.
  func receiveRequestBody(_ chunk: ByteBuffer)

  /// The request is complete, with trailers if there were any.
  func receiveRequestEnd(trailers: FieldSection?)

  /// The client reset the request or left; the exchange is over and no answer is wanted.
  func cancel(_ reason: ResetReason)

  /// The client has taken so many bytes of the answer's content; lets the sink read on.
  /// Reports may stop when the exchange is over: what is outstanding then counts as consumed.
  func responseConsumed(_ byteCount: Int)
}
