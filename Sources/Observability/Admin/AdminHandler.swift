public import Exchange
import HTTPMessage
import NIOCore

/// Answers the admin endpoint's requests: an exchange handler like any other, on whatever wire they come.
public final class AdminHandler: ExchangeHandler {
  private let routes: AdminRoutes

  public init(routes: AdminRoutes) {
    self.routes = routes
  }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = AdminExchange(response: sink, isHead: request.head.isHead, hasContent: request.head.bodyLength != .none)
    let target = String(decoding: request.head.path ?? [], as: UTF8.self)
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let page = routes.page(of: parts.first.map(String.init) ?? "") else {
      exchange.answer(.text(404, "no such page; there are \(routes.paths.joined(separator: ", "))"))
      return exchange
    }
    guard request.head.isHead || request.head.method.elementsEqual("GET".utf8) else {
      exchange.answer(.text(405, "only GET and HEAD"), fields: ["allow": "GET, HEAD"])
      return exchange
    }
    page(parts.count > 1 ? String(parts[1]) : "") { exchange.answer($0) }
    return exchange
  }
}

/// One request to the admin endpoint. Its answer does not depend on the request's content, which nobody reads.
private final class AdminExchange: RequestSink {
  private var response: (any ResponseSink)?
  private let isHead: Bool
  private var hasContent: Bool

  init(response: any ResponseSink, isHead: Bool, hasContent: Bool) {
    self.response = response
    self.isHead = isHead
    self.hasContent = hasContent
  }

  /// Sends the answer unless there was one or the client has left.
  func answer(_ answer: AdminAnswer, fields more: FieldSection = FieldSection()) {
    guard let response else { return }
    self.response = nil
    var fields = FieldSection(byteCapacity: 128, fieldCapacity: 5)
    fields.append(.contentType, answer.contentType)
    fields.append(.contentLength, String(answer.body.readableBytes))
    fields.append(FieldName("cache-control"), "no-store")
    for field in more { fields.append(name: field.name, value: field.value) }
    let length = BodyLength.known(UInt64(answer.body.readableBytes))
    response.receiveHead(ResponseHead(status: answer.status, fields: fields, bodyLength: isHead ? .none : length))
    if !isHead, answer.body.readableBytes > 0 { response.receiveResponseBody(answer.body) }
    response.receiveResponseEnd(trailers: nil)
    if hasContent { response.stopRequest(.noError) }
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {}

  func receiveRequestEnd(trailers: FieldSection?) {
    hasContent = false
  }

  func cancel(_ reason: ResetReason) {
    response = nil
  }

  func responseConsumed(_ byteCount: Int) {}
}
