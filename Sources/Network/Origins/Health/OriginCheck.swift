import Exchange
import Gateway
import HTTPMessage
import NIOCore

/// Asks one origin again and again whether it is well, as long as its pool is in use.
final class OriginCheck {
  private let check: HealthCheck
  private let head: RequestHead
  private let origin: OriginConnections
  private let eventLoop: any EventLoop
  private let report: (_ failure: String?) -> Void
  private var isStopped = false

  /// - Parameter report: told of each check, with what was wrong or nil.
  init(_ check: HealthCheck, of origin: OriginConnections, eventLoop: any EventLoop, report: @escaping (_ failure: String?) -> Void) {
    self.check = check
    self.origin = origin
    self.eventLoop = eventLoop
    self.report = report
    var fields = FieldSection()
    fields.append("user-agent", "quicgw-health-check")
    let url = origin.origin
    head = RequestHead(
      method: "GET", scheme: url.scheme.requestScheme, authority: url.authority, path: url.basePath + check.path, fields: fields)
  }

  /// Begins at once; checks of several processes and loops drift apart by themselves.
  func start() { ask() }

  func stop() { isStopped = true }

  private func ask() {
    guard !isStopped else { return }
    let answer = CheckAnswer { [weak self] failure in self?.ended(failure) }
    let request = ExchangeRequest(
      head: head,
      origin: RequestOrigin(wire: .http1, identity: nil, peerAddress: "health check", listener: "health check", isSecure: true))
    answer.begin(origin.open(request, respondingTo: answer, avoidsIdle: false))
    let bound = NIOLoopBound(answer, eventLoop: eventLoop)
    let limit = check.timeout
    eventLoop.scheduleTask(in: TimeAmount(limit)) { bound.value.giveUp("the health check had no answer in time") }
  }

  private func ended(_ failure: String?) {
    guard !isStopped else { return }
    report(failure)
    let wait = check.interval * Double.random(in: 0.9...1.1)
    let bound = NIOLoopBound(Weak(self), eventLoop: eventLoop)
    eventLoop.scheduleTask(in: TimeAmount(wait)) { bound.value.check?.ask() }
  }

  private struct Weak {
    weak var check: OriginCheck?

    init(_ check: OriginCheck) { self.check = check }
  }
}

/// The answer to one check; what is in it is not wanted.
private final class CheckAnswer: ResponseSink {
  private var request: (any RequestSink)?
  private var onEnd: ((_ failure: String?) -> Void)?
  private var status: Int?

  init(onEnd: @escaping (_ failure: String?) -> Void) { self.onEnd = onEnd }

  /// The origin may have failed it while it opened it.
  func begin(_ request: any RequestSink) {
    guard onEnd != nil else { return }
    self.request = request
    request.receiveRequestEnd(trailers: nil)
  }

  func giveUp(_ failure: String) {
    guard onEnd != nil else { return }
    request?.giveUpWaiting()
    end(failure)
  }

  func receiveInterim(_ head: ResponseHead) {}
  func receiveHead(_ head: ResponseHead) { status = head.status }
  /// Nothing is reported as consumed: an answer that does not fit into a stream's first window runs into its limit.
  func receiveResponseBody(_ chunk: ByteBuffer) {}
  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}
  func fail(_ error: GatewayError) { end(error.message) }

  func receiveResponseEnd(trailers: FieldSection?) {
    guard let status else { return }
    end((200..<400).contains(status) ? nil : "the health check was answered \(status)")
  }

  private func end(_ failure: String?) {
    let onEnd = onEnd
    self.onEnd = nil
    request = nil
    onEnd?(failure)
  }
}
