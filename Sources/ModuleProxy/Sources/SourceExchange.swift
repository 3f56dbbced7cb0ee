import Exchange
import HTTPMessage
import NIOCore

/// One request to the sources of a chain, until one of them has an answer that is the client's.
final class SourceExchange: SuccessiveRequests {
  private let request: ExchangeRequest
  private let sources: ArraySlice<ModuleSource>
  private let eventLoop: any EventLoop
  private let onSuccess: (_ index: Int) -> Void
  var sink: (any ResponseSink)?
  var leg: Leg?
  var requestEnded = false
  private var verdict: SourceVerdict
  private var answer = Answer.awaited
  private var remembered: Remembered?

  /// Of the source that is asked now.
  private enum Answer {
    case awaited
    /// It is the client's.
    case given
    /// It is kept for the case that no other source has a better one.
    case held(ResponseHead, ByteBuffer)
  }

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
    answer = .awaited
    ask(sources[sources.startIndex + verdict.current].handler, request)
  }

  // MARK: What the source says that is asked now

  func receiveHead(_ head: ResponseHead, _ leg: Leg) {
    let outcome = SourceVerdict.Outcome(status: head.status)
    let index = sources.startIndex + verdict.current
    switch verdict.answered(outcome) {
    case .give:
      if outcome == .success { onSuccess(index) }
      answer = .given
      sink?.receiveHead(head)
    case .rememberAndGoOn: answer = .held(head, ByteBuffer())
    case .goOn: goOn(leaving: leg)
    case .giveRemembered: giveRemembered(leaving: leg)
    }
  }

  func receiveBody(_ chunk: ByteBuffer, _ leg: Leg) {
    switch answer {
    case .awaited: break
    case .given: sink?.receiveResponseBody(chunk)
    case .held(let head, var body):
      var chunk = chunk
      let room = Self.heldBytes - body.readableBytes
      if let part = chunk.readSlice(length: min(room, chunk.readableBytes)) { body.writeImmutableBuffer(part) }
      answer = .held(head, body)
      if chunk.readableBytes > 0 { hold(head, body, leg) }
    }
  }

  func receiveEnd(_ trailers: FieldSection?, _ leg: Leg) {
    switch answer {
    case .awaited: break
    case .given: finish()?.receiveResponseEnd(trailers: trailers)
    case .held(let head, let body): hold(head, body, leg)
    }
  }

  func fail(_ error: GatewayError, _ leg: Leg) {
    switch answer {
    case .awaited: failed(error, leg)
    case .given: finish()?.fail(error)
    // What came of it does as well as the whole.
    case .held(let head, let body): hold(head, body, leg)
    }
  }

  /// - Parameter body: the beginning of its content, or all of it.
  private func hold(_ head: ResponseHead, _ body: ByteBuffer, _ leg: Leg) {
    var head = head
    head.bodyLength = .known(UInt64(body.readableBytes))
    head.fields.replace(.contentLength, with: String(body.readableBytes).utf8)
    remembered = .answer(head, body)
    goOn(leaving: leg)
  }

  private func failed(_ error: GatewayError, _ leg: Leg) {
    switch verdict.answered(.error) {
    case .give, .giveRemembered: finish()?.fail(error)
    case .rememberAndGoOn, .goOn:
      remembered = .failure(error)
      goOn(leaving: leg)
    }
  }

  private func goOn(leaving leg: Leg) {
    leg.disown()
    self.leg = nil
    // Not from inside what a source calls.
    eventLoop.assumeIsolated().execute { [self] in
      leg.leave()
      if sink != nil { ask() }
    }
  }

  private func giveRemembered(leaving leg: Leg) {
    leg.disown()
    eventLoop.assumeIsolated().execute { leg.leave() }
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

  // MARK: RequestSink

  func responseConsumed(_ byteCount: Int) {
    if case .given = answer { leg?.target?.responseConsumed(byteCount) }
  }

  /// What is kept of an answer that is no success; less than any source sends before somebody has taken some of it.
  private static let heldBytes = 16 * 1024
}
