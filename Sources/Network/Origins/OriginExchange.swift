import Exchange
import HTTPMessage
import NIOCore

/// One exchange at a pool: finds its way to a connection, is tried again where that cannot do harm, and waits for an answer no
/// longer than the pool's limit.
///
/// The limit ends with the head of the answer. Content that stops coming because the origin died is found by the connection: by
/// PING on HTTP/2, by the kernel elsewhere (`ClientBootstrap.channelLiveness`).
final class OriginExchange: ResponseSink, RequestSink {
  private let request: ExchangeRequest
  private let pool: OriginPool
  private var client: (any ResponseSink)?
  private var origin: (any RequestSink)?
  private var place: OriginConnections?
  /// Those that have failed it. Who only closed an idle connection has not.
  private var tried: [OriginConnections] = []
  private var usesIdleConnection = false
  /// Counts it, where it is a tunnel on a connection that carries other exchanges too.
  private var tunnel: CountedTunnel?
  private var attempts = 0
  private var isDispatching = false
  /// It was lost with a connection, or not answered, and sent again.
  private var hasResent = false
  private var isAnswered = false
  private var wait: LimitedWait?
  /// Bytes of the request that the origin has not taken yet.
  private var waitingBytes = 0
  /// Content has come or was taken since the wait began.
  private var hasMoved = false
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
    if !request.head.isGRPC { beginWait() }
    dispatch()
  }

  private func dispatch() {
    attempts += 1
    let attempt = attempts
    isDispatching = true
    let place = pool.choose(avoiding: tried)
    self.place = place
    usesIdleConnection = false
    do throws(GatewayError) {
      tunnel = try place.countShared(request)
    } catch {
      return fail(error)
    }
    let (sink, wasIdle) = pool.open(request, at: place, respondingTo: self, avoidsIdle: hasResent)
    // A refusal inside `open` may have ended the exchange, or begun another attempt whose sink must not be overwritten.
    guard client != nil, attempt == attempts else { return }
    isDispatching = false
    usesIdleConnection = wasIdle
    origin = sink
  }

  // MARK: The limit

  private func beginWait() {
    hasMoved = false
    wait?.end()
    wait = pool.beginWait { [unowned self] in limitPassed() }
  }

  /// The wait for the answer begins when the origin has the whole request.
  private func answerIsDue() {
    if wait != nil, !isAnswered { beginWait() }
  }

  private func limitPassed() {
    // As long as the request moves, the origin works on it.
    guard !hasMoved else { return beginWait() }
    if !hasEnded.request, waitingBytes == 0, !request.head.isConnect {
      origin?.cancel(.cancelled)
      end(failing: GatewayError(.httpRequestTimeout, side: .client, message: "the rest of the request did not come in time"))
    } else {
      origin?.giveUpWaiting()
      placeFailed("it gave no answer in time")
      let missing = waitingBytes == 0 ? "sent no answer" : "took nothing more of the request"
      let error = GatewayError(.httpResponseTimeout, side: .origin, message: "the origin of “\(pool.name)” \(missing) in time")
      // The same one would be as slow again.
      guard mayResend(after: error), pool.hasOther(than: tried) else { return end(failing: error) }
      beginWait()
      resend()
    }
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) {
    waitingBytes += chunk.readableBytes
    hasMoved = true
    origin?.receiveRequestBody(chunk)
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    origin?.receiveRequestEnd(trailers: trailers)
    hasEnded.request = true
    if waitingBytes == 0, request.head.bodyLength != .none { answerIsDue() }
    releaseIfOver()
  }

  func cancel(_ reason: ResetReason) {
    let origin = self.origin
    wait?.end()
    client = nil
    self.origin = nil
    tunnel = nil
    origin?.cancel(reason)
  }

  func responseConsumed(_ byteCount: Int) { origin?.responseConsumed(byteCount) }

  // MARK: ResponseSink

  func receiveInterim(_ head: ResponseHead) { client?.receiveInterim(head) }

  func receiveHead(_ head: ResponseHead) {
    isAnswered = true
    place?.answered()
    wait?.end()
    tunnel?.connected()
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
    if let unsent = takeUnsent() {
      // Failed connections were counted when they failed, once for all who waited.
      if let place { tried.append(place) }
      guard mayMove(after: error) else { return end(failing: error) }
      dispatchAgain(with: unsent)
    } else {
      if error.cause == .connectionTerminated { place?.connectionLost() }
      if isOriginsFault(error) { placeFailed(error.message) }
      guard mayResend(after: error) else { return end(failing: error) }
      resend()
    }
  }

  func stopRequest(_ reason: ResetReason) { client?.stopRequest(reason) }

  func requestConsumed(_ byteCount: Int) {
    waitingBytes = max(0, waitingBytes - byteCount)
    hasMoved = true
    if waitingBytes == 0, hasEnded.request { answerIsDue() }
    client?.requestConsumed(byteCount)
  }

  // MARK: Further attempts

  /// What the client has sent behind the head, if no connection has taken the exchange yet; nil if one has.
  private func takeUnsent() -> RequestBacklog? {
    // Inside `dispatch` nothing was passed on yet; whoever dispatches does that afterwards.
    if isDispatching { return RequestBacklog() }
    return (origin as? WaitingExchange)?.takeBacklog()
  }

  /// An exchange that no connection took goes to another origin with all that has come of it. One that has waited for its turn as
  /// long as it may does not wait again.
  private func mayMove(after error: GatewayError) -> Bool {
    error.retry == .safe && (isDispatching || error.cause != .connectionLimitReached)
      && attempts < pool.attemptLimit + (hasResent ? 1 : 0)
  }

  /// A request without content that certainly was not processed, or that may be processed twice, is sent once more
  /// (RFC 9110 §9.2.2); content is not kept, so a request with content is not.
  private func mayResend(after error: GatewayError) -> Bool {
    !hasResent && !isAnswered && request.head.bodyLength == .none && (error.retry == .safe || request.head.isSafe)
      && error.cause != .httpProtocolError
  }

  private func resend() {
    hasResent = true
    dispatchAgain(with: RequestBacklog(isEnded: hasEnded.request))
  }

  private func dispatchAgain(with backlog: RequestBacklog) {
    origin = nil
    tunnel = nil
    dispatch()
    if client != nil, let origin { backlog.replay(to: origin) }
  }

  private func placeFailed(_ reason: String) {
    guard let place else { return }
    place.failed(reason)
    tried.append(place)
  }

  /// What counts against an origin: not that it was cut off by this side, nor that it is full, nor that it closed a connection
  /// which nobody used.
  private func isOriginsFault(_ error: GatewayError) -> Bool {
    guard !isAnswered else { return false }
    return switch error.cause {
    case .connectionTerminated: !usesIdleConnection
    case .connectionReadTimeout, .httpResponseTimeout, .httpProtocolError, .httpResponseIncomplete: true
    default: false
    }
  }

  // MARK: The end

  private func end(failing error: GatewayError) {
    let client = self.client
    wait?.end()
    self.client = nil
    origin = nil
    tunnel = nil
    client?.fail(error)
  }

  private func releaseIfOver() {
    guard hasEnded.request, hasEnded.response else { return }
    client = nil
    origin = nil
    tunnel = nil
  }
}
