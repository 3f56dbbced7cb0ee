import Exchange
import HTTPMessage

/// Asks another service than the one that a request was for.
final class ReaddressedSource: ExchangeHandler {
  private let handler: any ExchangeHandler
  private let change: (inout RequestHead) -> Void

  init(_ handler: any ExchangeHandler, change: @escaping (inout RequestHead) -> Void) {
    self.handler = handler
    self.change = change
  }

  /// - Parameter authority: the service's name, as it stands on the link.
  convenience init(_ handler: any ExchangeHandler, authority: String) {
    let bytes = Array(authority.utf8)
    self.init(handler) { head in head.fields.replace(.authority, with: bytes) }
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    var request = request
    change(&request.head)
    return handler.open(request, respondingTo: sink)
  }
}
