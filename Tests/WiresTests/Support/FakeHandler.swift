import Exchange
import HTTPMessage
import NIOCore

/// A handler whose exchanges a test steps by hand: keeps what the wire said to it, in order.
final class FakeHandler: ExchangeHandler {
  private(set) var exchanges: [FakeExchange] = []
  /// Runs when an exchange is opened, for handlers that answer at once.
  var onOpen: ((FakeExchange) -> Void)?
  /// Runs after each thing that the client sent.
  var onEvent: ((FakeExchange) -> Void)?

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = FakeExchange(request: request, response: sink, handler: self)
    exchanges.append(exchange)
    onOpen?(exchange)
    return exchange
  }

  /// Lets go of the exchanges, for tests that look whether anybody else holds them.
  func forgetAll() { exchanges = [] }

  var last: FakeExchange { exchanges[exchanges.count - 1] }
}

/// One exchange of a `FakeHandler`.
final class FakeExchange: RequestSink {
  let request: ExchangeRequest
  let response: any ResponseSink
  private unowned let handler: FakeHandler
  private(set) var body = ByteBuffer()
  private(set) var trailers: FieldSection?
  private(set) var isEnded = false
  private(set) var cancelReason: ResetReason?
  private(set) var consumedResponseBytes = 0
  /// Whether content is reported consumed as it comes.
  var consumesAtOnce = true

  init(request: ExchangeRequest, response: any ResponseSink, handler: FakeHandler) {
    self.request = request
    self.response = response
    self.handler = handler
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {
    body.writeImmutableBuffer(chunk)
    if consumesAtOnce { response.requestConsumed(chunk.readableBytes) }
    handler.onEvent?(self)
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    self.trailers = trailers
    isEnded = true
    handler.onEvent?(self)
  }

  func cancel(_ reason: ResetReason) {
    cancelReason = reason
    handler.onEvent?(self)
  }

  func responseConsumed(_ byteCount: Int) {
    consumedResponseBytes += byteCount
  }

  func answer(
    _ status: Int = 200, fields: FieldSection = FieldSection(), body: String? = nil, trailers: FieldSection? = nil,
    length: BodyLength? = nil
  ) {
    let content = body.map { ByteBuffer(string: $0) }
    let implied: BodyLength = content.map { .known(UInt64($0.readableBytes)) } ?? .none
    response.receiveHead(
      ResponseHead(status: status, fields: fields, bodyLength: length ?? (trailers == nil ? implied : .unknown)))
    if let content { response.receiveResponseBody(content) }
    response.receiveResponseEnd(trailers: trailers)
  }
}
