import Exchange
import HTTPMessage
import NIOCore

/// Takes what follows a request that was refused while it was opened.
final class DiscardingRequestSink: RequestSink {
  func receiveRequestBody(_ chunk: ByteBuffer) {}

  func receiveRequestEnd(trailers: FieldSection?) {}

  func cancel(_ reason: ResetReason) {}

  func responseConsumed(_ byteCount: Int) {}
}
