import DequeModule
import Exchange
import HTTP3
import HTTPMessage
import NIOCore

/// One request that goes out over HTTP/3, as the sink for its content.
final class HTTP3ClientExchange: RequestSink {
  private let wire: HTTP3ClientWire
  /// Who takes the answer; nil when nothing more is to be told.
  private(set) var response: (any ResponseSink)?
  private var stream: HTTP3Stream?
  private var hasHead = false
  private var isAnswered = false
  private var isRequestEnded: Bool

  // Before there is a stream: the request as far as it came. Bounded by the producer's own limit of outstanding bytes.
  private(set) var waitingHead: RequestHead?
  private var waitingBody: Deque<ByteBuffer> = []
  private var waitingEnd: FieldSection??

  /// The request, while an origin may still refuse it as too early.
  private var earlyCopy: EarlyCopy?
  /// An origin has refused it as too early.
  private(set) var waitsForHandshake = false
  /// Content bytes that the client was told of and that are sent a second time.
  private var repeatedBytes = 0
  private var toldBytes = 0

  /// Told once when the exchange waits for a stream no more, whatever the reason.
  var onWaitEnded: (() -> Void)?

  init(wire: HTTP3ClientWire, response: any ResponseSink, hasContent: Bool) {
    self.wire = wire
    self.response = response
    isRequestEnded = !hasContent
  }

  func wait(with head: RequestHead) {
    waitingHead = head
  }

  /// A stream was found and the head is on it.
  func begin(on stream: HTTP3Stream, with head: RequestHead) {
    self.stream = stream
    stream.context = self
    if wire.session.isEarly {
      wire.sentEarly()
      earlyCopy = EarlyCopy(head, chunks: waitingBody, end: waitingEnd)
    }
    endWait()
    while let chunk = waitingBody.popFirst() { wire.session.sendBody(chunk, on: stream) }
    if let trailers = waitingEnd { wire.session.finish(stream, trailers: trailers) }
    waitingEnd = nil
  }

  func handle(_ event: HTTP3Event) {
    switch event {
    case .interim(_, let head):
      response?.receiveInterim(head)
    case .response(let stream, let head):
      if head.status == EarlyCopy.tooEarlyStatus, let copy = earlyCopy { return sendAgain(copy, leaving: stream) }
      earlyCopy = nil
      hasHead = true
      response?.receiveHead(head)
    case .body(let stream, let chunk):
      if let response {
        response.receiveResponseBody(chunk)
      } else {
        wire.session.consumed(chunk.readableBytes, on: stream)
      }
    case .end(_, let trailers):
      let response = self.response
      isAnswered = true
      response?.receiveResponseEnd(trailers: trailers)
    case .sent(_, let byteCount):
      let repeated = min(byteCount, repeatedBytes)
      repeatedBytes -= repeated
      toldBytes += byteCount - repeated
      if byteCount > repeated { response?.requestConsumed(byteCount - repeated) }
    case .peerStoppedReading(_, let code):
      response?.stopRequest(ResetReason(code))
    case .peerReset(let stream, let code):
      if !isAnswered { fail(resetFailure(code)) }
      wire.session.reset(stream, .requestCancelled)
    case .malformed(_, let defect):
      fail(malformedFailure(defect))
    case .closed(_, let code):
      if isAnswered { stopRequest() } else { fail(resetFailure(code ?? .internalError)) }
      release()
    default:
      break
    }
  }

  func connectionLost(_ error: GatewayError) {
    if isAnswered { stopRequest() } else { fail(error) }
    release()
  }

  /// No answer, or no more of it.
  func fail(_ error: GatewayError) {
    let response = self.response
    self.response = nil
    earlyCopy = nil
    endWait()
    waitingBody.removeAll()
    response?.fail(error)
  }

  /// The request goes back to where it waits for a stream, as it was when it came. On a connection that opens no more streams it fails,
  /// and may be sent on another: the client has never said that it was early, so the 425 is not for it.
  private func sendAgain(_ copy: EarlyCopy, leaving stream: HTTP3Stream) {
    stream.context = nil
    wire.session.reset(stream, .requestCancelled)
    self.stream = nil
    earlyCopy = nil
    guard !wire.isDraining else { return fail(wire.unavailable("the request was too early, and the connection is closing")) }
    waitsForHandshake = true
    repeatedBytes = toldBytes
    waitingHead = copy.head
    waitingBody = copy.chunks
    waitingEnd = copy.end
    wire.sendAgain(self)
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) {
    if earlyCopy?.append(chunk) == false { earlyCopy = nil }
    if let stream {
      wire.session.sendBody(chunk, on: stream)
    } else if waitingHead != nil {
      waitingBody.append(chunk)
    }
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    isRequestEnded = true
    earlyCopy?.end = .some(trailers)
    if let stream {
      wire.session.finish(stream, trailers: trailers)
    } else if waitingHead != nil {
      waitingEnd = .some(trailers)
    }
  }

  func cancel(_ reason: ResetReason) {
    response = nil
    earlyCopy = nil
    if waitingHead != nil {
      endWait()
      waitingBody.removeAll()
      wire.forget(self)
    }
    guard let stream else { return }
    wire.session.reset(stream, HTTP3ErrorCode(cancelling: reason))
    release()
  }

  func responseConsumed(_ byteCount: Int) {
    if let stream { wire.session.consumed(byteCount, on: stream) }
  }

  /// The peer has answered and nothing more can be sent: ngtcp2 does not tell of a STOP_SENDING for a stream that is out of
  /// credit.
  private func stopRequest() {
    guard !isRequestEnded else { return }
    isRequestEnded = true
    response?.stopRequest(.noError)
  }

  private func resetFailure(_ code: HTTP3ErrorCode) -> GatewayError {
    switch ResetReason(code) {
    case .refused:
      wire.failure(.destinationUnavailable, retry: .safe, "the peer did not process the request (\(code))")
    case .excessiveLoad:
      wire.failure(.connectionLimitReached, "the peer has too much to do (\(code))")
    default:
      wire.failure(
        hasHead ? .httpResponseIncomplete : .connectionTerminated,
        "the peer reset the stream before its answer was complete (\(code))")
    }
  }

  private func malformedFailure(_ defect: MessageDefect) -> GatewayError {
    wire.failure(
      defect == .fieldsTooLarge ? .httpResponseTooLarge : .httpProtocolError, "the answer was refused: \(defect.explanation)")
  }

  private func endWait() {
    waitingHead = nil
    onWaitEnded?()
    onWaitEnded = nil
  }

  /// The stream and this point at each other until here; the stream is kept for content that is consumed later.
  private func release() {
    response = nil
    stream?.context = nil
  }
}
