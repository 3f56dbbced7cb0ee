import Exchange
import HTTP1
import HTTPMessage
import NIOCore

/// One request on a connection to an HTTP/1.1 origin as an exchange: takes the request, hands the answer on.
final class HTTP1OriginExchange: RequestSink {
  /// Nil once the exchange is over or cancelled; late calls then do nothing.
  private var wire: HTTP1OriginWire?
  private var response: (any ResponseSink)?
  private var content: ContentWriter
  private(set) var hasHead = false
  private(set) var isRequestEnded = false
  private(set) var isResponseEnded = false
  private(set) var outstandingBytes = 0

  init(wire: HTTP1OriginWire, response: any ResponseSink, framing: HTTP1Framing) {
    self.wire = wire
    self.response = response
    content = ContentWriter(framing)
  }

  // MARK: From the origin

  func receiveInterim(_ head: ResponseHead) {
    response?.receiveInterim(head)
  }

  func receiveHead(_ head: ResponseHead) {
    hasHead = true
    response?.receiveHead(head)
  }

  func receiveBody(_ chunk: ByteBuffer) {
    outstandingBytes += chunk.readableBytes
    response?.receiveResponseBody(chunk)
  }

  func receiveEnd(trailers: FieldSection?) {
    isResponseEnded = true
    response?.receiveResponseEnd(trailers: trailers)
  }

  func requestTaken(_ byteCount: Int) {
    response?.requestConsumed(byteCount)
  }

  /// Nothing more will be read for this exchange or written for it. `error` says why what is missing will not come.
  func close(_ error: GatewayError?) {
    let response = response
    self.response = nil
    wire = nil
    if !isResponseEnded {
      if let error { response?.fail(error) }
    } else if !isRequestEnded {
      response?.stopRequest(.noError)
    }
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) {
    guard let wire, !isRequestEnded else { return }
    if !content.write(chunk, to: &wire.output) { wire.requestDoesNotFit() }
    wire.setNeedsUpdate()
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    guard let wire, !isRequestEnded else { return }
    isRequestEnded = true
    if !content.end(trailers: trailers, to: &wire.output) { wire.requestDoesNotFit() }
    wire.setNeedsUpdate()
  }

  func cancel(_ reason: ResetReason) {
    let wire = wire
    self.wire = nil
    response = nil
    wire?.cancelExchange()
  }

  func responseConsumed(_ byteCount: Int) {
    outstandingBytes = max(0, outstandingBytes - byteCount)
    wire?.setNeedsUpdate()
  }
}
