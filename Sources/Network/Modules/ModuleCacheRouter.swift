import Exchange
import Gateway
import HTTPMessage

/// Handlers of one loop that take the place of others for some services.
final class HandlersByService {
  private var handlers: [(name: String, bytes: [UInt8], handler: any ExchangeHandler)] = []

  subscript(name: String) -> (any ExchangeHandler)? {
    get { handlers.first { $0.name == name }?.handler }
    set {
      handlers.removeAll { $0.name == name }
      if let newValue { handlers.append((name, Array(name.utf8), newValue)) }
    }
  }

  /// For requests that were addressed to a service's origins.
  func handler(for service: Service) -> (any ExchangeHandler)? {
    guard let handler = self[service.name] else { return nil }
    guard service.origins.first?.basePath.isEmpty == false else { return handler }
    return ReaddressedSource(handler) { service.removeBasePath(from: &$0) }
  }

  func handler(for name: ArraySlice<UInt8>) -> (any ExchangeHandler)? {
    handlers.first { name.elementsEqual($0.bytes) }?.handler
  }
}

/// An edge's way to its core, on which the caches stand for the services that they have: requests carry the service as authority.
final class ModuleCacheRouter: ExchangeHandler {
  private let caches: HandlersByService
  private let link: any ExchangeHandler

  init(caches: HandlersByService, link: any ExchangeHandler) {
    self.caches = caches
    self.link = link
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let cache = request.head.authority.flatMap { caches.handler(for: $0) }
    return (cache ?? link).open(request, respondingTo: sink)
  }
}
