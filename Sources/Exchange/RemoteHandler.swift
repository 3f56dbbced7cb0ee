import HTTPMessage
public import NIOCore

/// A handler of another event loop, as a handler of this one: exchanges opened here run there, their parts crossing in batches.
public final class RemoteHandler: ExchangeHandler {
  private let target: NIOLoopBound<any ExchangeHandler>
  private let outbound: HandOver
  private let inbound: NIOLoopBound<HandOver>

  /// - Parameters:
  ///   - target: the handler, bound to its loop.
  ///   - outbound: from this loop to the handler's.
  ///   - inbound: from the handler's loop to this one, bound to the handler's loop.
  public init(_ target: NIOLoopBound<any ExchangeHandler>, outbound: HandOver, inbound: NIOLoopBound<HandOver>) {
    self.target = target
    self.outbound = outbound
    self.inbound = inbound
  }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let near = NearEnd(response: sink, handOver: outbound)
    let far = FarEnd(near: near, target: target, handOver: inbound)
    near.far = far
    outbound.send(.open(far, request))
    return near
  }
}

/// The end of a crossing exchange on the loop where it was opened. Its properties are used there only.
final class NearEnd: RequestSink {
  private(set) var response: (any ResponseSink)?
  var far: FarEnd?
  private let handOver: HandOver
  private var requestEnded = false
  private var responseEnded = false

  init(response: any ResponseSink, handOver: HandOver) {
    self.response = response
    self.handOver = handOver
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {
    if let far { handOver.send(.requestBody(far, chunk)) }
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    if let far { handOver.send(.requestEnd(far, trailers)) }
    requestEnded = true
    releaseIfOver()
  }

  func responseConsumed(_ byteCount: Int) {
    if let far { handOver.send(.responseConsumed(far, byteCount)) }
  }

  func cancel(_ reason: ResetReason) {
    guard let far else { return }
    self.far = nil
    response = nil
    handOver.send(.cancel(far, reason))
  }

  func landResponseEnd(trailers: FieldSection?) {
    response?.receiveResponseEnd(trailers: trailers)
    responseEnded = true
    releaseIfOver()
  }

  func landFailure(_ error: GatewayError) {
    let response = self.response
    self.response = nil
    far = nil
    response?.fail(error)
  }

  /// The two ends hold each other while parts cross; both let go when both directions have ended.
  private func releaseIfOver() {
    guard requestEnded, responseEnded else { return }
    far = nil
    response = nil
  }
}

/// The end of a crossing exchange on the handler's loop. Its properties are used there only.
final class FarEnd: ResponseSink {
  private(set) var request: (any RequestSink)?
  private var near: NearEnd?
  private var requestEnded = false
  private var responseEnded = false
  private let target: NIOLoopBound<any ExchangeHandler>
  private let handOver: NIOLoopBound<HandOver>

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

  func landRequestEnd(trailers: FieldSection?) {
    request?.receiveRequestEnd(trailers: trailers)
    requestEnded = true
    releaseIfOver()
  }

  func landCancel(_ reason: ResetReason) {
    let request = self.request
    self.request = nil
    near = nil
    request?.cancel(reason)
  }

  func receiveInterim(_ head: ResponseHead) {
    if let near { handOver.value.send(.interim(near, head)) }
  }

  func receiveHead(_ head: ResponseHead) {
    if let near { handOver.value.send(.head(near, head)) }
  }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    if let near { handOver.value.send(.responseBody(near, chunk)) }
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    if let near { handOver.value.send(.responseEnd(near, trailers)) }
    responseEnded = true
    releaseIfOver()
  }

  func fail(_ error: GatewayError) {
    guard let near else { return }
    self.near = nil
    request = nil
    handOver.value.send(.fail(near, error))
  }

  func stopRequest(_ reason: ResetReason) {
    if let near { handOver.value.send(.stopRequest(near, reason)) }
  }

  func requestConsumed(_ byteCount: Int) {
    if let near { handOver.value.send(.requestConsumed(near, byteCount)) }
  }

  private func releaseIfOver() {
    guard requestEnded, responseEnded else { return }
    near = nil
    request = nil
  }
}
