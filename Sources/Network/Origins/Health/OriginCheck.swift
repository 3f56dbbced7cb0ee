import Exchange
import Gateway
import HTTPMessage
import NIOCore
import Wires

/// Asks one origin again and again whether it is well, as long as its pool is in use.
///
/// Each time over a connection of its own: so the origin also proves that it takes connections, and one whose pool is busy is not
/// taken for ill.
final class OriginCheck {
  private let check: HealthCheck
  private let head: RequestHead
  private let connector: OriginConnector
  private let turn: LoopTurn
  private let report: (_ failure: String?) -> Void
  private var isStopped = false

  /// - Parameter report: told of each check, with what was wrong or nil.
  init(_ check: HealthCheck, connector: OriginConnector, turn: LoopTurn, report: @escaping (_ failure: String?) -> Void) {
    self.check = check
    self.connector = connector
    self.turn = turn
    self.report = report
    var fields = FieldSection()
    fields.append("user-agent", "quicgw-health-check")
    let url = connector.origin
    head = RequestHead(
      method: "GET", scheme: url.scheme.requestScheme, authority: url.authority, path: url.basePath + check.path, fields: fields)
  }

  /// Begins at once; checks of several processes drift apart by themselves.
  func start() { ask() }

  func stop() { isStopped = true }

  private func ask() {
    guard !isStopped else { return }
    let probe = HealthProbe(connector) { [weak self] failure in self?.ended(failure) }
    probe.begin(head, turn: turn, limit: TimeAmount(check.timeout))
  }

  private func ended(_ failure: String?) {
    guard !isStopped else { return }
    report(failure)
    let wait = check.interval * Double.random(in: 0.9...1.1)
    let bound = NIOLoopBound(Weak(self), eventLoop: turn.eventLoop)
    turn.eventLoop.scheduleTask(in: TimeAmount(wait)) { bound.value.check?.ask() }
  }

  private struct Weak {
    weak var check: OriginCheck?

    init(_ check: OriginCheck) { self.check = check }
  }
}

/// One check: a connection, a request, and the status of its answer; what is in it is not wanted.
private final class HealthProbe: ResponseSink {
  private let connector: OriginConnector
  private let pending = PendingConnection()
  private var connection: OriginConnection?
  private var request: (any RequestSink)?
  private var onEnd: ((_ failure: String?) -> Void)?
  private var status: Int?

  init(_ connector: OriginConnector, onEnd: @escaping (_ failure: String?) -> Void) {
    self.connector = connector
    self.onEnd = onEnd
  }

  func begin(_ head: RequestHead, turn: LoopTurn, limit: TimeAmount) {
    let connected = connector.connect(turn: turn, pending: pending, onTurn: { _ in }, onClose: { _ in })
    connected.assumeIsolated().whenComplete { [self] result in
      pending.end()
      switch result {
      case .success(let connection): send(head, on: connection.value)
      case .failure(let error):
        end(OriginFailure.gatewayError(for: error, origin: connector.origin, timeout: connector.timeout).message)
      }
    }
    let bound = NIOLoopBound(self, eventLoop: turn.eventLoop)
    turn.eventLoop.scheduleTask(in: limit) { bound.value.limitPassed() }
  }

  private func send(_ head: RequestHead, on connection: OriginConnection) {
    guard onEnd != nil else { return connection.retire() }
    self.connection = connection
    let source = RequestOrigin(wire: .http1, identity: nil, peerAddress: "health check", listener: "health check", isSecure: true)
    let request = connection.wire.open(ExchangeRequest(head: head, origin: source), respondingTo: self)
    // It may have been failed while it was opened.
    guard onEnd != nil else { return }
    self.request = request
    request.receiveRequestEnd(trailers: nil)
  }

  /// An answer that has begun says enough, however long it is.
  private func limitPassed() {
    guard onEnd != nil else { return }
    let request = request
    end(status == nil ? "the health check had no answer in time" : verdict)
    pending.cancel()
    request?.cancel(.cancelled)
  }

  private var verdict: String? {
    status.flatMap { (200..<400).contains($0) ? nil : "the health check was answered \($0)" }
  }

  func receiveInterim(_ head: ResponseHead) {}
  func receiveHead(_ head: ResponseHead) { status = head.status }
  func receiveResponseBody(_ chunk: ByteBuffer) { request?.responseConsumed(chunk.readableBytes) }
  func receiveResponseEnd(trailers: FieldSection?) { end(verdict) }
  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}
  func fail(_ error: GatewayError) { end(error.message) }

  private func end(_ failure: String?) {
    let onEnd = onEnd
    self.onEnd = nil
    request = nil
    connection?.retire()
    connection = nil
    onEnd?(failure)
  }
}
