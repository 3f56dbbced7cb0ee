public import Exchange
import HTTP2
import HTTPMessage
import NIOCore

/// The outgoing side of an exchange whose connection carries others too.
public protocol SharedConnectionSink: RequestSink {
  /// Cancels the exchange because no answer came in time. The connection, which may be why if all of it is silent, then gets no
  /// further ones.
  func giveUp()
}

/// One stream of a connection to an HTTP/2 origin as an exchange: takes the request, hands the answer on.
final class HTTP2OriginExchange: SharedConnectionSink {
  /// Nil once the exchange is over or cancelled; late calls then do nothing.
  private var wire: HTTP2OriginWire?
  private let stream: HTTP2Stream
  private let openedAt: NIODeadline
  private var response: (any ResponseSink)?
  private var hasHead = false
  private var isResponseEnded = false
  private var isRequestEnded: Bool
  private var isRequestStopped = false
  private var outstandingBytes = 0
  /// What the peer did wrong, kept until the stream closes.
  var violation: GatewayError?

  init(wire: HTTP2OriginWire, stream: HTTP2Stream, response: any ResponseSink, hasContent: Bool, openedAt: NIODeadline) {
    self.openedAt = openedAt
    self.wire = wire
    self.stream = stream
    self.response = response
    isRequestEnded = !hasContent
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
    guard let response else {
      wire?.session.consumed(chunk.readableBytes, on: stream)
      return
    }
    outstandingBytes += chunk.readableBytes
    response.receiveResponseBody(chunk)
  }

  func receiveEnd(trailers: FieldSection?) {
    isResponseEnded = true
    response?.receiveResponseEnd(trailers: trailers)
  }

  func requestTaken(_ byteCount: Int) {
    response?.requestConsumed(byteCount)
  }

  /// The stream is gone; what is still missing fails.
  func closed(_ code: HTTP2ErrorCode, isByPeer: Bool) {
    let name = wire?.name ?? "the origin"
    let response = takeOver()
    if isResponseEnded {
      if !isRequestEnded { response?.stopRequest(ResetReason(code)) }
    } else {
      response?.fail(violation ?? failure(code, of: name, isByPeer: isByPeer))
    }
  }

  /// The connection is gone.
  func connectionLost(_ reason: String) {
    let response = takeOver()
    guard !isResponseEnded else {
      if !isRequestEnded { response?.stopRequest(.connectionLost) }
      return
    }
    let error = GatewayError(
      hasHead ? .httpResponseIncomplete : .connectionTerminated, side: .origin, retry: stream.isHeadSent ? .unsafe : .safe,
      message: reason)
    response?.fail(violation ?? error)
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) {
    guard let wire else { return }
    wire.session.write(chunk, on: stream)
    wire.setNeedsUpdate()
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    isRequestEnded = true
    guard let wire else { return }
    wire.session.finish(stream, trailers: trailers)
    wire.setNeedsUpdate()
  }

  func cancel(_ reason: ResetReason) {
    guard let wire else { return }
    _ = takeOver()
    wire.session.reset(stream, code: reason.http2Code)
    wire.setNeedsUpdate()
  }

  func giveUp() {
    let wire = wire
    cancel(.cancelled)
    wire?.gaveUp(openedAt: openedAt)
  }

  func responseConsumed(_ byteCount: Int) {
    guard let wire else { return }
    let count = min(byteCount, outstandingBytes)
    outstandingBytes -= count
    wire.session.consumed(count, on: stream)
    wire.setNeedsUpdate()
  }

  private func takeOver() -> (any ResponseSink)? {
    defer {
      response = nil
      wire = nil
    }
    return response
  }

  private func failure(_ code: HTTP2ErrorCode, of name: String, isByPeer: Bool) -> GatewayError {
    if code == .refusedStream {
      return GatewayError(
        .destinationUnavailable, side: .origin, retry: .safe, message: "\(name) refused the stream before working on it")
    }
    let what = isByPeer ? "reset the stream with \(code)" : "broke HTTP/2, the stream was reset with \(code)"
    return GatewayError(
      isByPeer ? .httpResponseIncomplete : .httpProtocolError, side: .origin, message: "\(name) \(what)")
  }
}
