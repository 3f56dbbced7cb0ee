import Exchange
import HTTPMessage
import NIOCore
import Wires

/// An exchange that was opened before there is a connection to carry it: keeps what the client sends, hands it on when a
/// connection is there, fails it when none comes.
///
/// What it keeps is bounded: nothing is reported consumed, so the client's wire stops at its window.
final class WaitingExchange: SharedConnectionSink {
  private(set) var request: ExchangeRequest
  private var state: State
  /// Called once when it stops waiting without having been resumed.
  var onLeave: (() -> Void)?
  /// Bounds the wait; set by whoever makes the exchange, ended by itself.
  var wait: LimitedWait?

  init(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) {
    self.request = request
    state = .waiting(sink, RequestBacklog())
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
    onLeave = nil
    state = .leaving(backlog)
    let target = handler.open(request, respondingTo: sink)
    // A refusal inside `open` may have moved the exchange elsewhere, with its backlog.
    guard case .leaving = state else { return }
    state = .forwarding(target)
    backlog.replay(to: target)
  }

  func fail(_ error: GatewayError) {
    guard case .waiting(let sink, let backlog) = state else { return }
    leave(.leaving(backlog))
    sink.fail(error)
    if case .leaving = state { state = .over }
  }

  /// From inside the sink's `fail(_:)`: what the client has sent so far, of which nothing was sent on. Nil when a connection has
  /// taken the exchange before. Whoever takes it carries the exchange on.
  func takeBacklog() -> RequestBacklog? {
    guard case .leaving(let backlog) = state else { return nil }
    state = .over
    return backlog
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {
    switch state {
    case .waiting(let sink, var backlog):
      backlog.chunks.append(chunk)
      state = .waiting(sink, backlog)
    case .forwarding(let target): target.receiveRequestBody(chunk)
    case .leaving, .over: break
    }
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    switch state {
    case .waiting(let sink, var backlog):
      backlog.isEnded = true
      backlog.trailers = trailers
      state = .waiting(sink, backlog)
    case .forwarding(let target): target.receiveRequestEnd(trailers: trailers)
    case .leaving, .over: break
    }
  }

  func cancel(_ reason: ResetReason) {
    if case .forwarding(let target) = state { target.cancel(reason) }
    leave(.over)
  }

  func giveUp() {
    if case .forwarding(let target) = state { target.giveUpWaiting() }
    leave(.over)
  }

  func responseConsumed(_ byteCount: Int) {
    if case .forwarding(let target) = state { target.responseConsumed(byteCount) }
  }

  private func leave(_ next: State) {
    wait?.end()
    state = next
    let onLeave = onLeave
    self.onLeave = nil
    onLeave?()
  }

  private enum State {
    case waiting(any ResponseSink, RequestBacklog)
    /// It is being opened on a connection, or its sink is being told that it failed.
    case leaving(RequestBacklog)
    case forwarding(any RequestSink)
    case over
  }
}

extension RequestSink {
  /// Cancels because no answer came in time, and takes the connection out of use where it carries other exchanges too.
  func giveUpWaiting() {
    if let shared = self as? any SharedConnectionSink {
      shared.giveUp()
    } else {
      cancel(.cancelled)
    }
  }
}
