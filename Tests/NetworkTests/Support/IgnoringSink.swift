import Exchange
import HTTPMessage
import NIOCore

/// Takes all of a request and does nothing with it.
final class IgnoringSink: RequestSink {
  func receiveRequestBody(_ chunk: ByteBuffer) {}
  func receiveRequestEnd(trailers: FieldSection?) {}
  func cancel(_ reason: ResetReason) {}
  func responseConsumed(_ byteCount: Int) {}
}
