import HTTPMessage
import NIOCore

/// The end of a crossing exchange on the loop where it was opened. Its properties are used there only.
///
/// It and the far end hold each other while parts cross, and each lets go when the exchange is over on its own loop, so that
/// neither loop releases what belongs to the other.
final class NearEnd: RequestSink {
  private(set) var response: (any ResponseSink)?
  var far: FarEnd?
  private let handOver: HandOver
  private var bodySlot = HandOver.Slot()
  private var consumedSlot = HandOver.Slot()
  private var requestEnded = false
  private var requestStopped = false
  private var responseEnded = false

  init(response: any ResponseSink, handOver: HandOver) {
    self.response = response
    self.handOver = handOver
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {
    guard let far, !requestStopped else { return }
    handOver.send(.requestBody(far, chunk), joining: &bodySlot)
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    guard let far else { return }
    handOver.send(.requestEnd(far, trailers))
    requestEnded = true
    releaseIfOver()
  }

  func responseConsumed(_ byteCount: Int) {
    guard let far else { return }
    handOver.send(.responseConsumed(far, byteCount), joining: &consumedSlot)
  }

  func cancel(_ reason: ResetReason) {
    guard let far else { return }
    release()
    handOver.send(.cancel(far, reason))
  }

  func landResponseEnd(trailers: FieldSection?) {
    response?.receiveResponseEnd(trailers: trailers)
    responseEnded = true
    releaseIfOver()
  }

  func landStop(_ reason: ResetReason) {
    response?.stopRequest(reason)
    requestStopped = true
    releaseIfOver()
  }

  func landFailure(_ error: GatewayError) {
    let response = self.response
    release()
    response?.fail(error)
  }

  private func releaseIfOver() {
    guard responseEnded, requestEnded || requestStopped else { return }
    release()
  }

  private func release() {
    far = nil
    response = nil
  }
}
