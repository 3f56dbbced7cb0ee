import Exchange
import HTTPMessage
import NIOCore

/// One exchange at a pool: finds its way to a connection, is tried once more where that cannot do harm, and waits for an
/// answer no longer than the pool's limit.
final class OriginExchange: ResponseSink, RequestSink {
  private let request: ExchangeRequest
  private let pool: OriginPool
  private var client: (any ResponseSink)?
  private var origin: (any RequestSink)?
  private var attempts = 0
  private var isAnswered = false
  private var wait: LimitedWait?
  private var hasEnded = (request: false, response: false)

  init(_ request: ExchangeRequest, pool: OriginPool, respondingTo sink: any ResponseSink) {
    self.request = request
    self.pool = pool
    client = sink
  }

  deinit {
    wait?.end()
  }

  /// Sends the request on its way.
  func begin() {
    // gRPC calls have deadlines of their own, and their streams may be silent.
    if attempts == 0, !request.head.isGRPC { wait = pool.beginWait { [unowned self] in limitPassed() } }
    attempts += 1
    let attempt = attempts
    let sink = pool.dispatch(request, respondingTo: self)
    // A refusal inside `dispatch` may have ended the exchange, or begun another attempt whose sink must not be overwritten.
    if client != nil, attempt == attempts { origin = sink }
  }

  private func limitPassed() {
    // The wait for an answer begins with the end of the request.
    guard hasEnded.request else { return wait = pool.beginWait { [unowned self] in limitPassed() } }
    origin?.cancel(.cancelled)
    end(failing: GatewayError(.httpResponseTimeout, side: .origin, message: "the origin of “\(pool.name)” sent no answer in time"))
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) { origin?.receiveRequestBody(chunk) }

  func receiveRequestEnd(trailers: FieldSection?) {
    origin?.receiveRequestEnd(trailers: trailers)
    hasEnded.request = true
    releaseIfOver()
  }

  func cancel(_ reason: ResetReason) {
    let origin = self.origin
    wait?.end()
    client = nil
    self.origin = nil
    origin?.cancel(reason)
  }

  func responseConsumed(_ byteCount: Int) { origin?.responseConsumed(byteCount) }

  // MARK: ResponseSink

  func receiveInterim(_ head: ResponseHead) { client?.receiveInterim(head) }

  func receiveHead(_ head: ResponseHead) {
    isAnswered = true
    wait?.end()
    client?.receiveHead(head)
  }

  func receiveResponseBody(_ chunk: ByteBuffer) { client?.receiveResponseBody(chunk) }

  func receiveResponseEnd(trailers: FieldSection?) {
    client?.receiveResponseEnd(trailers: trailers)
    hasEnded.response = true
    releaseIfOver()
  }

  func fail(_ error: GatewayError) {
    // An answer that is complete stands, whatever becomes of the connection under the rest of the request.
    guard client != nil, !hasEnded.response else { return }
    if mayRetry(after: error) {
      let wasEnded = hasEnded.request
      begin()
      if wasEnded { origin?.receiveRequestEnd(trailers: nil) }
    } else {
      end(failing: error)
    }
  }

  func stopRequest(_ reason: ResetReason) { client?.stopRequest(reason) }

  func requestConsumed(_ byteCount: Int) { client?.requestConsumed(byteCount) }

  // MARK: The end

  /// A request without content that certainly was not processed, or that may be processed twice, is tried once more
  /// (RFC 9110 §9.2.2); content is not kept, so a request with content is not.
  private func mayRetry(after error: GatewayError) -> Bool {
    attempts < 2 && !isAnswered && request.head.bodyLength == .none && (error.retry == .safe || request.head.isSafe)
      && error.cause != .httpResponseTimeout && error.cause != .httpProtocolError
  }

  private func end(failing error: GatewayError) {
    let client = self.client
    wait?.end()
    self.client = nil
    origin = nil
    client?.fail(error)
  }

  private func releaseIfOver() {
    guard hasEnded.request, hasEnded.response else { return }
    client = nil
    origin = nil
  }
}
