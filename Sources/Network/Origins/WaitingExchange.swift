import Exchange
import HTTPMessage
import NIOCore

/// An exchange that was opened before there is a connection to carry it: keeps what the client sends, hands it on when a
/// connection is there, fails it when none comes.
///
/// What it keeps is bounded: nothing is reported consumed, so the client's wire stops at its window.
final class WaitingExchange: RequestSink {
  private(set) var request: ExchangeRequest
  private var state: State
  /// Bounds the wait; set by whoever makes the exchange, ended by itself.
  var wait: LimitedWait?

  init(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) {
    self.request = request
    state = .waiting(sink, Backlog())
  }

  deinit {
    wait?.end()
  }

  /// False once it was handed on, failed or cancelled.
  var isWaiting: Bool {
    if case .waiting = state { true } else { false }
  }

  /// Opens the exchange at `handler` and passes on what has arrived.
  func resume(on handler: any ExchangeHandler) {
    guard case .waiting(let sink, let backlog) = state else { return }
    wait?.end()
    state = .over
    let target = handler.open(request, respondingTo: sink)
    state = .forwarding(target)
    for chunk in backlog.chunks { target.receiveRequestBody(chunk) }
    if backlog.isEnded { target.receiveRequestEnd(trailers: backlog.trailers) }
  }

  func fail(_ error: GatewayError) {
    guard case .waiting(let sink, _) = state else { return }
    wait?.end()
    state = .over
    sink.fail(error)
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {
    switch state {
    case .waiting(let sink, var backlog):
      backlog.chunks.append(chunk)
      state = .waiting(sink, backlog)
    case .forwarding(let target): target.receiveRequestBody(chunk)
    case .over: break
    }
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    switch state {
    case .waiting(let sink, var backlog):
      backlog.isEnded = true
      backlog.trailers = trailers
      state = .waiting(sink, backlog)
    case .forwarding(let target): target.receiveRequestEnd(trailers: trailers)
    case .over: break
    }
  }

  func cancel(_ reason: ResetReason) {
    if case .forwarding(let target) = state { target.cancel(reason) }
    wait?.end()
    state = .over
  }

  func responseConsumed(_ byteCount: Int) {
    if case .forwarding(let target) = state { target.responseConsumed(byteCount) }
  }

  private enum State {
    case waiting(any ResponseSink, Backlog)
    case forwarding(any RequestSink)
    case over
  }

  private struct Backlog {
    var chunks: [ByteBuffer] = []
    var isEnded = false
    var trailers: FieldSection?
  }
}
