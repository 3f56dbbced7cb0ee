import Exchange
import HTTPMessage
import NIOCore

/// One request to the sources of a chain, until one of them has an answer that is the client's.
final class SourceExchange: RequestSink {
  private let request: ExchangeRequest
  private let sources: ArraySlice<ModuleSource>
  private let eventLoop: any EventLoop
  private let onSuccess: (_ index: Int) -> Void
  /// Nil when it is over.
  private var sink: (any ResponseSink)?
  private var verdict: SourceVerdict
  private var attempt: SourceAttempt?
  private var remembered: Remembered?
  private var requestEnded = false

  /// The best of what was not the client's.
  private enum Remembered {
    case answer(ResponseHead, ByteBuffer)
    case failure(GatewayError)
  }

  /// - Parameter onSuccess: told which of the sources has it.
  init(
    _ request: ExchangeRequest, sources: ArraySlice<ModuleSource>, sink: any ResponseSink, eventLoop: any EventLoop,
    onSuccess: @escaping (_ index: Int) -> Void
  ) {
    self.request = request
    self.sources = sources
    self.sink = sink
    self.eventLoop = eventLoop
    self.onSuccess = onSuccess
    verdict = SourceVerdict(yieldsToErrors: sources.map(\.yieldsToErrors))
  }

  func ask() {
    let attempt = SourceAttempt(self)
    self.attempt = attempt
    let target = sources[sources.startIndex + verdict.current].handler.open(request, respondingTo: attempt)
    // It may have failed already.
    guard attempt === self.attempt else { return }
    attempt.target = target
    if requestEnded { target.receiveRequestEnd(trailers: nil) }
  }

  // MARK: What the source says that is asked now

  func receiveInterim(_ head: ResponseHead) { sink?.receiveInterim(head) }

  func receive(_ head: ResponseHead, _ attempt: SourceAttempt) {
    let outcome = SourceVerdict.Outcome(status: head.status)
    let index = sources.startIndex + verdict.current
    switch verdict.answered(outcome) {
    case .give:
      if outcome == .success { onSuccess(index) }
      attempt.answer = .given
      sink?.receiveHead(head)
    case .rememberAndGoOn: attempt.answer = .held(head, ByteBuffer())
    case .goOn: goOn(leaving: attempt)
    case .giveRemembered: giveRemembered(leaving: attempt)
    }
  }

  func receiveGiven(_ chunk: ByteBuffer) { sink?.receiveResponseBody(chunk) }

  func receiveGivenEnd(_ trailers: FieldSection?) { finish()?.receiveResponseEnd(trailers: trailers) }

  func failGiven(_ error: GatewayError) { finish()?.fail(error) }

  /// - Parameter body: the beginning of its content, or all of it.
  func receiveHeld(_ head: ResponseHead, _ body: ByteBuffer, _ attempt: SourceAttempt) {
    var head = head
    head.bodyLength = .known(UInt64(body.readableBytes))
    head.fields.replace(.contentLength, with: String(body.readableBytes).utf8)
    remembered = .answer(head, body)
    goOn(leaving: attempt)
  }

  func fail(_ error: GatewayError, _ attempt: SourceAttempt) {
    switch verdict.answered(.error) {
    case .give, .giveRemembered: finish()?.fail(error)
    case .rememberAndGoOn, .goOn:
      remembered = .failure(error)
      goOn(leaving: attempt)
    }
  }

  private func goOn(leaving attempt: SourceAttempt) {
    attempt.disown()
    self.attempt = nil
    // Not from inside what a source calls.
    eventLoop.assumeIsolated().execute { [self] in
      attempt.leave()
      if sink != nil { ask() }
    }
  }

  private func giveRemembered(leaving attempt: SourceAttempt) {
    attempt.disown()
    eventLoop.assumeIsolated().execute { attempt.leave() }
    guard let sink = finish() else { return }
    switch remembered {
    case .answer(let head, let body):
      sink.receiveHead(head)
      if body.readableBytes > 0 { sink.receiveResponseBody(body) }
      sink.receiveResponseEnd(trailers: nil)
    case .failure(let error): sink.fail(error)
    case nil: break
    }
  }

  private func finish() -> (any ResponseSink)? {
    attempt = nil
    defer { sink = nil }
    return sink
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) {}

  func receiveRequestEnd(trailers: FieldSection?) {
    requestEnded = true
    attempt?.target?.receiveRequestEnd(trailers: nil)
  }

  func responseConsumed(_ byteCount: Int) {
    if let attempt, case .given = attempt.answer { attempt.target?.responseConsumed(byteCount) }
  }

  func cancel(_ reason: ResetReason) {
    let attempt = attempt
    _ = finish()
    attempt?.leave()
  }
}

/// One source's part of an exchange.
final class SourceAttempt: ResponseSink {
  enum Answer {
    case awaited
    /// It is the client's.
    case given
    /// It is kept for the case that no other source has a better one.
    case held(ResponseHead, ByteBuffer)
  }

  var answer = Answer.awaited
  var target: (any RequestSink)?
  /// Until it is over: the two hold each other.
  private var exchange: SourceExchange?

  init(_ exchange: SourceExchange) { self.exchange = exchange }

  /// What still comes of it is nobody's.
  func disown() { exchange = nil }

  /// It is not wanted any more.
  func leave() {
    disown()
    target?.cancel(.cancelled)
    target = nil
  }

  func receiveInterim(_ head: ResponseHead) { exchange?.receiveInterim(head) }
  func receiveHead(_ head: ResponseHead) { exchange?.receive(head, self) }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    switch answer {
    case .awaited: break
    case .given: exchange?.receiveGiven(chunk)
    case .held(let head, var body):
      var chunk = chunk
      let room = Self.heldBytes - body.readableBytes
      if let part = chunk.readSlice(length: min(room, chunk.readableBytes)) { body.writeImmutableBuffer(part) }
      answer = .held(head, body)
      if chunk.readableBytes > 0 { exchange?.receiveHeld(head, body, self) }
    }
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    let exchange = end()
    switch answer {
    case .awaited: break
    case .given: exchange?.receiveGivenEnd(trailers)
    case .held(let head, let body): exchange?.receiveHeld(head, body, self)
    }
  }

  func fail(_ error: GatewayError) {
    let exchange = end()
    switch answer {
    case .awaited: exchange?.fail(error, self)
    case .given: exchange?.failGiven(error)
    // What came of it does as well as the whole.
    case .held(let head, let body): exchange?.receiveHeld(head, body, self)
    }
  }

  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}

  private func end() -> SourceExchange? {
    target = nil
    defer { exchange = nil }
    return exchange
  }

  /// What is kept of an answer that is no success; less than any source sends before somebody has taken some of it.
  private static let heldBytes = 16 * 1024
}
