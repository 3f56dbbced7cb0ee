import Exchange
import HTTP2
import HTTPMessage
import NIOCore

/// One stream of a client's HTTP/2 connection as an exchange: takes the answer to it.
final class HTTP2ServerExchange: ResponseSink {
  /// Nil once the exchange is over; late calls then do nothing.
  private var wire: HTTP2ServerWire?
  private let stream: HTTP2Stream
  private var request: (any RequestSink)?
  private let isGRPC: Bool
  private let isHead: Bool
  private let isConnect: Bool
  private var isHeadSubmitted = false
  /// CONNECT was answered with success.
  private var isOpenTunnel = false
  private var isRequestStopped = false
  private var isResponseEnded = false
  private var outstandingBytes = 0

  init(wire: HTTP2ServerWire, stream: HTTP2Stream, head: RequestHead) {
    self.wire = wire
    self.stream = stream
    isGRPC = head.isGRPC
    isHead = head.isHead
    isConnect = head.isConnect
  }

  /// Opens the exchange; the handler may answer or fail it at once.
  func open(_ request: ExchangeRequest, with handler: any ExchangeHandler) {
    let sink = handler.open(request, respondingTo: self)
    if wire != nil, !isRequestStopped { self.request = sink }
  }

  // MARK: From the client

  func receiveRequestBody(_ chunk: ByteBuffer) {
    guard let request else {
      wire?.session.consumed(chunk.readableBytes, on: stream)
      return
    }
    outstandingBytes += chunk.readableBytes
    request.receiveRequestBody(chunk)
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    request?.receiveRequestEnd(trailers: trailers)
  }

  func responseTaken(_ byteCount: Int) {
    request?.responseConsumed(byteCount)
  }

  /// The stream is gone. Tells the handler unless both sides had ended.
  func closed(_ reason: ResetReason) {
    let request = request
    self.request = nil
    wire = nil
    if !(stream.isEndReceived && stream.isEndSent) { request?.cancel(reason) }
  }

  // MARK: ResponseSink

  func receiveInterim(_ head: ResponseHead) {
    guard let wire, !isHeadSubmitted else { return }
    wire.session.submitInterim(head, on: stream)
    wire.setNeedsUpdate()
  }

  func receiveHead(_ head: ResponseHead) {
    guard let wire, !isHeadSubmitted else { return }
    isHeadSubmitted = true
    isOpenTunnel = isConnect && (200...299).contains(head.status)
    wire.session.submitResponse(head, on: stream)
    wire.setNeedsUpdate()
  }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    guard let wire else { return }
    wire.session.write(chunk, on: stream)
    wire.setNeedsUpdate()
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    guard let wire else { return }
    isResponseEnded = true
    wire.session.finish(stream, trailers: trailers)
    if isRequestStopped { wire.session.resetAfterEnd(stream, code: stopCode) }
    wire.setNeedsUpdate()
  }

  func fail(_ error: GatewayError) {
    guard let wire else { return }
    request = nil
    if isHeadSubmitted {
      // RFC 9113 §8.5 has a code for tunnels.
      wire.session.reset(stream, code: isConnect ? .connectError : error.retry == .safe ? .refusedStream : .internalError)
      self.wire = nil
    } else {
      wire.answer(error, on: stream, isGRPC: isGRPC, isHead: isHead)
      isHeadSubmitted = true
      isResponseEnded = true
      stopRequest(.noError)
    }
    wire.setNeedsUpdate()
  }

  func stopRequest(_ reason: ResetReason) {
    guard let wire, !isRequestStopped else { return }
    isRequestStopped = true
    wire.session.consumed(outstandingBytes, on: stream)
    outstandingBytes = 0
    if isResponseEnded { wire.session.resetAfterEnd(stream, code: stopCode) }
    wire.setNeedsUpdate()
  }

  func requestConsumed(_ byteCount: Int) {
    guard let wire else { return }
    let count = min(byteCount, outstandingBytes)
    outstandingBytes -= count
    wire.session.consumed(count, on: stream)
    wire.setNeedsUpdate()
  }

  /// What asks the client to stop. A tunnel whose other end takes nothing more has been reset there (RFC 9113 §8.5); behind an
  /// answer that is whole nothing is wrong.
  private var stopCode: HTTP2ErrorCode { isOpenTunnel ? .connectError : .noError }
}
