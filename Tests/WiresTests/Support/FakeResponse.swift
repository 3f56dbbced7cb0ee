import Exchange
import HTTPMessage
import NIOCore

/// The client's side of an exchange on an origin wire: keeps what the wire said, in order.
final class FakeResponse: ResponseSink {
  private(set) var interims: [ResponseHead] = []
  private(set) var head: ResponseHead?
  private(set) var body = ByteBuffer()
  private(set) var trailers: FieldSection?
  private(set) var isEnded = false
  private(set) var error: GatewayError?
  private(set) var stopReason: ResetReason?
  private(set) var consumedRequestBytes = 0
  /// Content that has come and has not been reported consumed.
  private(set) var outstandingBytes = 0
  var request: (any RequestSink)?

  var text: String { String(buffer: body) }

  func receiveInterim(_ head: ResponseHead) { interims.append(head) }

  func receiveHead(_ head: ResponseHead) { self.head = head }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    body.writeImmutableBuffer(chunk)
    outstandingBytes += chunk.readableBytes
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    self.trailers = trailers
    isEnded = true
  }

  func fail(_ error: GatewayError) { self.error = error }

  func stopRequest(_ reason: ResetReason) { stopReason = reason }

  func requestConsumed(_ byteCount: Int) { consumedRequestBytes += byteCount }

  /// Reports everything consumed; not from inside a sink's method.
  func consume() {
    let count = outstandingBytes
    outstandingBytes = 0
    if count > 0 { request?.responseConsumed(count) }
  }
}
