import Exchange
import HTTPMessage
import NIOCore

/// Who waits for the answer of an edge, and is told which one it is.
protocol EdgeClient: ResponseSink {
  /// - Parameter service: a name that this edge exposes.
  func reached(_ edge: ConnectedEdge, service: String)
}

/// One request on its way to an edge: waits for one where there is none, and goes to another one when its own is lost or silent
/// and no harm can come of it.
///
/// No harm can come of it when nothing of an answer was passed on and the request was certainly not processed, or may be
/// processed twice (RFC 9110 §9.2.2); the latter happens once. Content that may be wanted again is kept, up to a bound.
final class EdgeExchange: RequestSink, ResponseSink {
  let target: EdgeTarget
  let mayBeRepeated: Bool
  /// What the last edge has failed with.
  private(set) var lastFailure: GatewayError?
  private let request: ExchangeRequest
  private unowned let registry: EdgeRegistry
  private var client: (any EdgeClient)?
  private var record: EdgeRecord?
  private var carrier: (any RequestSink)?
  /// All that the client has sent behind the head; nil when it is not kept any more.
  private var kept: RequestBacklog? = RequestBacklog()
  private var keptByteCount = 0
  private var endWait: (() -> Void)?
  private var failedOn: [EdgeConnectionID] = []
  /// Of those, the ones that did not take it; from the others it may have been lost.
  private var refusedBy: [EdgeConnectionID] = []
  private var attempts = 0
  private var hasRepeated = false
  private var isAnswered = false
  private var hasEnded = (request: false, response: false)
  private var taken = TakenContent()

  init(_ request: ExchangeRequest, target: EdgeTarget, mayBeRepeated: Bool, registry: EdgeRegistry, client: any EdgeClient) {
    self.request = request
    self.target = target
    self.mayBeRepeated = mayBeRepeated
    self.registry = registry
    self.client = client
  }

  deinit {
    endWait?()
  }

  /// Sends the request to an edge, with all that has come of it.
  func begin(on record: EdgeRecord) {
    guard let client, let kept else { return }
    stopWaiting()
    attempts += 1
    let attempt = attempts
    self.record = record
    record.began(self)
    taken.changedCarrier()
    client.reached(record.edge, service: target.service)
    let carrier = record.edge.handler.open(request, respondingTo: self)
    // A refusal inside `open` has ended the exchange, or has moved it on.
    guard attempt == attempts, self.record === record else { return }
    self.carrier = carrier
    kept.replay(to: carrier)
    forgetMuch()
  }

  func hasFailed(on record: EdgeRecord) -> Bool { failedOn.contains(record.id) }

  func wasRefused(by record: EdgeRecord) -> Bool { refusedBy.contains(record.id) }

  /// Whether the last failure is one of the way to the edge, that it may come back from.
  var isWorthWaiting: Bool { lastFailure?.cause == .destinationUnavailable }

  /// Whether it may leave an edge that has it already.
  var mayRepeat: Bool { mayBeRepeated && !hasRepeated && !isAnswered && kept != nil && client != nil }

  /// The edge does not answer and another one does.
  func move() {
    guard mayRepeat else { return }
    hasRepeated = true
    let carrier = self.carrier
    leaveEdge()
    carrier?.cancel(.cancelled)
    registry.repeated()
    registry.place(self)
  }

  /// Begins the wait for an edge unless it runs already.
  func limitWait(_ begin: (@escaping () -> Void) -> () -> Void) {
    guard endWait == nil else { return }
    endWait = begin { [unowned self] in
      endWait = nil
      registry.waitPassed(self)
    }
  }

  /// No edge can take it.
  func end(_ error: GatewayError) {
    guard let client else { return }
    release()
    client.fail(error)
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) {
    kept?.chunks.append(chunk)
    keptByteCount += chunk.readableBytes
    if carrier != nil { forgetMuch() }
    carrier?.receiveRequestBody(chunk)
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    hasEnded.request = true
    kept?.isEnded = true
    kept?.trailers = trailers
    carrier?.receiveRequestEnd(trailers: trailers)
    releaseIfOver()
  }

  func cancel(_ reason: ResetReason) {
    let carrier = self.carrier
    if record == nil, client != nil { registry.forget(self) }
    release()
    carrier?.cancel(reason)
  }

  func responseConsumed(_ byteCount: Int) { carrier?.responseConsumed(byteCount) }

  // MARK: ResponseSink

  func receiveInterim(_ head: ResponseHead) {
    beginAnswer()
    client?.receiveInterim(head)
  }

  func receiveHead(_ head: ResponseHead) {
    if goesElsewhere(after: head) { return }
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
    guard client != nil else { return }
    if let record {
      failedOn.append(record.id)
      if error.retry == .safe { refusedBy.append(record.id) }
    }
    lastFailure = error
    if mayMove(after: error) {
      leaveEdge()
      return registry.place(self)
    }
    if mayRepeat, attempts < Self.attemptLimit, [.destinationUnavailable, .connectionTerminated].contains(error.cause) {
      hasRepeated = true
      leaveEdge()
      registry.repeated()
      return registry.place(self)
    }
    end(error)
  }

  func stopRequest(_ reason: ResetReason) { client?.stopRequest(reason) }

  func requestConsumed(_ byteCount: Int) {
    let news = taken.took(byteCount)
    if news > 0 { client?.requestConsumed(news) }
  }
}

extension EdgeExchange {
  /// What was certainly not processed may go elsewhere, whatever it is.
  private func mayMove(after error: GatewayError) -> Bool {
    error.retry == .safe && !isAnswered && kept != nil && attempts < Self.attemptLimit
  }

  /// Once an edge takes it, content is kept while there is little of it; an edge may still refuse the request unprocessed.
  private func forgetMuch() {
    if keptByteCount > Self.keptByteLimit { kept = nil }
  }

  /// The edge has not passed the request on, and another one can have it.
  private func goesElsewhere(after head: ResponseHead) -> Bool {
    guard !isAnswered, kept != nil, attempts < Self.attemptLimit, let record, EdgeRefusal.isSafe(head, of: record.edge) else {
      return false
    }
    failedOn.append(record.id)
    refusedBy.append(record.id)
    guard registry.hasAnother(for: self) else { return false }
    let carrier = self.carrier
    leaveEdge()
    carrier?.cancel(.cancelled)
    registry.place(self)
    return true
  }

  private func beginAnswer() {
    isAnswered = true
    kept = nil
  }

  private func leaveEdge() {
    record?.ended(self)
    record = nil
    carrier = nil
  }

  private func releaseIfOver() {
    if hasEnded.request, hasEnded.response { release() }
  }

  private func stopWaiting() {
    endWait?()
    endWait = nil
  }

  private func release() {
    stopWaiting()
    client = nil
    kept = nil
    leaveEdge()
  }

  private static let keptByteLimit = 64 << 10
  private static let attemptLimit = 8
}
