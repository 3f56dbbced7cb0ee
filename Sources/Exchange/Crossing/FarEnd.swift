import HTTPMessage
import NIOCore

/// The end of a crossing exchange on the handler's loop. Its properties are used there only.
final class FarEnd: ResponseSink {
  private(set) var request: (any RequestSink)?
  private var near: NearEnd?
  private let target: NIOLoopBound<any ExchangeHandler>
  private let handOver: NIOLoopBound<HandOver>
  private var bodySlot = HandOver.Slot()
  private var consumedSlot = HandOver.Slot()
  private var requestEnded = false
  private var requestStopped = false
  private var responseEnded = false

  init(near: NearEnd, target: NIOLoopBound<any ExchangeHandler>, handOver: NIOLoopBound<HandOver>) {
    self.near = near
    self.target = target
    self.handOver = handOver
  }

  func land(_ exchangeRequest: ExchangeRequest) {
    let sink = target.value.open(exchangeRequest, respondingTo: self)
    // A handler may fail an exchange while it opens it; then there is nobody left to send to.
    if near != nil { request = sink }
  }

  func landRequestBody(_ chunk: ByteBuffer) {
    guard !requestStopped else { return }
    request?.receiveRequestBody(chunk)
  }

  func landRequestEnd(trailers: FieldSection?) {
    request?.receiveRequestEnd(trailers: trailers)
    requestEnded = true
    releaseIfOver()
  }

  func landCancel(_ reason: ResetReason) {
    let request = self.request
    release()
    request?.cancel(reason)
  }

  func receiveInterim(_ head: ResponseHead) {
    guard let near else { return }
    handOver.value.send(.interim(near, head))
  }

  func receiveHead(_ head: ResponseHead) {
    guard let near else { return }
    handOver.value.send(.head(near, head))
  }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    guard let near else { return }
    handOver.value.send(.responseBody(near, chunk), joining: &bodySlot)
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    guard let near else { return }
    handOver.value.send(.responseEnd(near, trailers))
    responseEnded = true
    releaseIfOver()
  }

  func fail(_ error: GatewayError) {
    guard let near else { return }
    release()
    handOver.value.send(.fail(near, error))
  }

  func stopRequest(_ reason: ResetReason) {
    guard let near else { return }
    handOver.value.send(.stopRequest(near, reason))
    requestStopped = true
    releaseIfOver()
  }

  func requestConsumed(_ byteCount: Int) {
    guard let near else { return }
    handOver.value.send(.requestConsumed(near, byteCount), joining: &consumedSlot)
  }

  private func releaseIfOver() {
    guard responseEnded, requestEnded || requestStopped else { return }
    release()
  }

  private func release() {
    near = nil
    request = nil
  }
}
