import Exchange

/// A service's origins as they are now: a reload may replace them under a handler that lives longer.
final class CurrentOrigins: ExchangeHandler {
  private let service: String
  private let find: () -> (any ExchangeHandler)?

  init(service: String, find: @escaping () -> (any ExchangeHandler)?) {
    self.service = service
    self.find = find
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    if let handler = find() { return handler.open(request, respondingTo: sink) }
    let none = WaitingExchange(request, respondingTo: sink)
    none.fail(
      GatewayError(
        .destinationNotFound, side: .core, retry: .safe,
        message: "the service “\(service)” was taken out of the configuration"))
    return none
  }
}
