import Exchange
import HTTP3
import HTTPMessage
import NIOCore

/// One request that came over HTTP/3, as the handler's sink for its answer.
final class HTTP3ServerExchange: ResponseSink {
  private let stream: HTTP3Stream
  private let session: HTTP3Session
  private let hop: String
  private let isGRPC: Bool
  private let isHead: Bool
  private let isConnect: Bool
  /// The handler's side; nil when it wants to hear nothing more.
  private var request: (any RequestSink)?
  private var isAnswerBegun = false
  /// Ended, failed, or given up by the client: the handler's further calls change nothing.
  private var isAnswerOver = false
  private var isRequestStopped = false
  private var isRequestEnded = false
  /// The handler's side is not wanted any more, even when it is handed in late.
  private var isFailed = false

  init(stream: HTTP3Stream, session: HTTP3Session, head: RequestHead, hop: String) {
    self.stream = stream
    self.session = session
    self.hop = hop
    isGRPC = head.isGRPC
    isHead = head.isHead
    isConnect = head.isConnect
  }

  /// The handler has opened its side. It may have failed the exchange while it did.
  func begin(_ request: any RequestSink) {
    if !isFailed { self.request = request }
  }

  func handle(_ event: HTTP3Event) {
    switch event {
    case .body(_, let chunk):
      if let request, !isRequestStopped {
        request.receiveRequestBody(chunk)
      } else {
        session.consumed(chunk.readableBytes, on: stream)
      }
    case .end(_, let trailers):
      endRequest(trailers)
    case .sent(_, let byteCount):
      request?.responseConsumed(byteCount)
    case .peerReset where isFailed:
      // The reply to an answer of our own: the rest of the request is not coming, the answer stands.
      endRequest(nil)
    case .peerReset(_, let code):
      giveUp(ResetReason(code) == .noError ? .cancelled : ResetReason(code))
    case .malformed(_, let defect):
      giveUp(defect == .fieldsTooLarge ? .excessiveLoad : .malformed)
    case .peerStoppedReading(_, let code):
      // Somebody who does not want the answer does not want to go on with the request either.
      giveUp(ResetReason(code) == .noError ? .cancelled : ResetReason(code))
    case .closed:
      // Nothing is told of the end of a request that was stopped; whoever took it learns here that it is over.
      if !isAnswerOver || !isRequestEnded { cancel(.connectionLost) }
      release()
    default:
      break
    }
  }

  func connectionLost() {
    if !isAnswerOver || !isRequestEnded { cancel(.connectionLost) }
    release()
  }

  // MARK: ResponseSink

  func receiveInterim(_ head: ResponseHead) {
    guard !isAnswerOver else { return }
    session.submitInterim(head, on: stream)
  }

  func receiveHead(_ head: ResponseHead) {
    guard !isAnswerOver, !isAnswerBegun else { return }
    isAnswerBegun = true
    session.submitResponse(head, on: stream)
  }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    guard !isAnswerOver else { return }
    session.sendBody(chunk, on: stream)
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    guard !isAnswerOver else { return }
    isAnswerOver = true
    session.finish(stream, trailers: trailers)
  }

  func fail(_ error: GatewayError) {
    guard !isAnswerOver else { return }
    isAnswerOver = true
    isFailed = true
    request = nil
    // RFC 9114 §4.4 has a code for tunnels.
    guard !isAnswerBegun else { return session.reset(stream, isConnect ? .connectError : .internalError) }
    isAnswerBegun = true
    let answer = error.response(isGRPC: isGRPC, isHead: isHead, hop: hop)
    session.submitResponse(answer.head, on: stream)
    if let body = answer.body { session.sendBody(body, on: stream) }
    session.finish(stream)
    // RFC 9114 §4.1: the answer stands although the request is not complete.
    session.stopReading(stream, .noError)
  }

  func stopRequest(_ reason: ResetReason) {
    guard !isRequestStopped else { return }
    isRequestStopped = true
    session.stopReading(stream, HTTP3ErrorCode(reason))
  }

  func requestConsumed(_ byteCount: Int) {
    session.consumed(byteCount, on: stream)
  }

  private func endRequest(_ trailers: FieldSection?) {
    isRequestEnded = true
    request?.receiveRequestEnd(trailers: trailers)
  }

  /// The client wants no answer: the handler hears of it at once.
  private func giveUp(_ reason: ResetReason) {
    cancel(reason)
    session.reset(stream, .requestCancelled)
  }

  private func cancel(_ reason: ResetReason) {
    isAnswerOver = true
    isFailed = true
    let request = self.request
    self.request = nil
    request?.cancel(reason)
  }

  /// The stream and this point at each other until here.
  private func release() {
    request = nil
    stream.context = nil
  }
}
