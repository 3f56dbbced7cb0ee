import Exchange
import HTTPMessage
import NIOCore
import Wires

/// One request on its way over the link: waits for a connection where there is none, and moves to another one when its own is
/// lost or silent and no harm can come of it.
///
/// No harm can come of it when nothing of an answer was passed on and the request was certainly not processed, or may be
/// processed twice (RFC 9110 §9.2.2); the latter happens once. Content that may be wanted again is kept, up to a bound.
final class LinkExchange: RequestSink, ResponseSink {
  let request: ExchangeRequest
  /// Bounds the wait for a connection; set by the link.
  var wait: LimitedWait?
  private unowned let link: QUICLink
  private let mayBeRepeated: Bool
  private var client: (any ResponseSink)?
  private var target: (any RequestSink)?
  private var connection: DialledConnection?
  /// All that the client has sent behind the head; nil when it is not kept any more.
  private var backlog: WaitingExchange.Backlog? = WaitingExchange.Backlog()
  private var keptBytes = 0
  private var attempts = 0
  private var hasRepeated = false
  private var isAnswered = false
  private var hasEnded = (request: false, response: false)
  /// Bytes of content that connections have taken: the client hears of each once.
  private var taken = (told: 0, byThisConnection: 0)

  /// - Parameter mayBeRepeated: whether it does no harm if an origin gets the request twice.
  init(_ request: ExchangeRequest, mayBeRepeated: Bool, link: QUICLink, respondingTo sink: any ResponseSink) {
    self.request = request
    self.mayBeRepeated = mayBeRepeated
    self.link = link
    client = sink
  }

  deinit {
    wait?.end()
  }

  /// Sends the request on a connection, with all that has come of it.
  func begin(on connection: DialledConnection) {
    guard client != nil, let backlog else { return }
    wait?.end()
    attempts += 1
    let attempt = attempts
    self.connection = connection
    taken.byThisConnection = 0
    let target = connection.wire.open(request, respondingTo: self)
    // A refusal inside `open` has ended the exchange, or has moved it on.
    guard client != nil, attempt == attempts, self.connection === connection else { return }
    self.target = target
    link.boundWait(of: target, on: connection.wire)
    backlog.replay(to: target)
    if keptBytes > 0, !keepsContent { forgetContent() }
  }

  /// The connection does not answer and another one does: moves there if no harm can come of it.
  ///
  /// - Returns: whether it has moved.
  func leaveSilentConnection() -> Bool {
    guard client != nil, mayRepeat else { return false }
    hasRepeated = true
    let target = self.target
    detach()
    target?.cancel(.cancelled)
    link.place(self)
    return true
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) {
    if backlog != nil {
      keptBytes += chunk.readableBytes
      if target == nil || keepsContent { backlog?.chunks.append(chunk) } else { forgetContent() }
    }
    target?.receiveRequestBody(chunk)
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    hasEnded.request = true
    backlog?.isEnded = true
    backlog?.trailers = trailers
    target?.receiveRequestEnd(trailers: trailers)
    releaseIfOver()
  }

  func cancel(_ reason: ResetReason) {
    let target = self.target
    if target == nil, client != nil { link.forget(self) }
    release()
    target?.cancel(reason)
  }

  func responseConsumed(_ byteCount: Int) { target?.responseConsumed(byteCount) }

  // MARK: ResponseSink

  func receiveInterim(_ head: ResponseHead) {
    beginAnswer()
    client?.receiveInterim(head)
  }

  func receiveHead(_ head: ResponseHead) {
    beginAnswer()
    client?.receiveHead(head)
  }

  func receiveResponseBody(_ chunk: ByteBuffer) { client?.receiveResponseBody(chunk) }

  func receiveResponseEnd(trailers: FieldSection?) {
    hasEnded.response = true
    client?.receiveResponseEnd(trailers: trailers)
    releaseIfOver()
  }

  func fail(_ error: GatewayError) {
    guard let client else { return }
    let connection = self.connection
    detach()
    if connection != nil, mayMove(after: error) { return link.place(self) }
    // Who has waited for a silent core for so long does not wait for another connection to it as well.
    if let connection, connection.isOver, mayRepeat, !connection.endedInSilence || link.hasUsableCore {
      hasRepeated = true
      link.repeated(1)
      return link.place(self)
    }
    release()
    client.fail(error)
  }

  func stopRequest(_ reason: ResetReason) { client?.stopRequest(reason) }

  func requestConsumed(_ byteCount: Int) {
    taken.byThisConnection += byteCount
    let news = taken.byThisConnection - taken.told
    guard news > 0 else { return }
    taken.told += news
    client?.requestConsumed(news)
  }
}

extension LinkExchange {
  /// What was certainly not processed may go elsewhere, whatever it is; who has waited as long as he may does not wait again.
  private func mayMove(after error: GatewayError) -> Bool {
    error.retry == .safe && error.cause != .connectionLimitReached && !isAnswered && backlog != nil
      && attempts < Self.attemptLimit
  }

  private var mayRepeat: Bool { mayBeRepeated && !hasRepeated && !isAnswered && backlog != nil }

  private var keepsContent: Bool {
    keptBytes <= Self.keptByteLimit && !isAnswered && (mayBeRepeated || connection?.isConfirmed != true)
  }

  private func beginAnswer() {
    isAnswered = true
    forgetContent()
  }

  /// A request of which nothing but the head has come is kept without content.
  private func forgetContent() {
    guard keptBytes > 0 else { return }
    backlog = nil
  }

  private func detach() {
    connection = nil
    target = nil
  }

  private func releaseIfOver() {
    if hasEnded.request, hasEnded.response { release() }
  }

  private func release() {
    wait?.end()
    client = nil
    backlog = nil
    detach()
  }

  private static let keptByteLimit = 64 << 10
  private static let attemptLimit = 8
}
