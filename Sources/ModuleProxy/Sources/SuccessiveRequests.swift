import Exchange
import HTTPMessage
import NIOCore

/// An exchange that makes one request after the other until an answer is its client's; only the last of them counts.
protocol SuccessiveRequests: RequestSink {
  /// The client; nil when it is over.
  var sink: (any ResponseSink)? { get set }
  /// The request that counts.
  var leg: Leg? { get set }
  var requestEnded: Bool { get set }

  func receiveHead(_ head: ResponseHead, _ leg: Leg)
  func receiveBody(_ chunk: ByteBuffer, _ leg: Leg)
  func receiveEnd(_ trailers: FieldSection?, _ leg: Leg)
  func fail(_ error: GatewayError, _ leg: Leg)
}

extension SuccessiveRequests {
  func ask(_ handler: any ExchangeHandler, _ request: ExchangeRequest) {
    let leg = Leg(self)
    self.leg = leg
    let target = handler.open(request, respondingTo: leg)
    // It may have failed already.
    guard leg === self.leg else { return }
    leg.target = target
    if requestEnded { target.receiveRequestEnd(trailers: nil) }
  }

  func finish() -> (any ResponseSink)? {
    leg = nil
    defer { sink = nil }
    return sink
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {}

  func receiveRequestEnd(trailers: FieldSection?) {
    requestEnded = true
    leg?.target?.receiveRequestEnd(trailers: nil)
  }

  func cancel(_ reason: ResetReason) {
    let leg = leg
    _ = finish()
    leg?.leave()
  }
}

/// One of the requests.
final class Leg: ResponseSink {
  var target: (any RequestSink)?
  /// Until it is over: the two hold each other.
  private var exchange: (any SuccessiveRequests)?

  init(_ exchange: any SuccessiveRequests) { self.exchange = exchange }

  /// What still comes of it is nobody's.
  func disown() { exchange = nil }

  /// It is not wanted any more.
  func leave() {
    disown()
    target?.cancel(.cancelled)
    target = nil
  }

  func receiveInterim(_ head: ResponseHead) { exchange?.sink?.receiveInterim(head) }
  func receiveHead(_ head: ResponseHead) { exchange?.receiveHead(head, self) }
  func receiveResponseBody(_ chunk: ByteBuffer) { exchange?.receiveBody(chunk, self) }

  func receiveResponseEnd(trailers: FieldSection?) {
    let exchange = end()
    exchange?.receiveEnd(trailers, self)
  }

  func fail(_ error: GatewayError) {
    let exchange = end()
    exchange?.fail(error, self)
  }

  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}

  private func end() -> (any SuccessiveRequests)? {
    target = nil
    defer { exchange = nil }
    return exchange
  }
}
