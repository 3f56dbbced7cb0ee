import Exchange
import HTTPMessage
import NIOCore

/// Asks one source after another for one thing, as `SourceVerdict` says. One object for each download.
final class SourceChain: ExchangeHandler {
  private let sources: [ModuleSource]
  private let eventLoop: any EventLoop
  /// Who has answered with the thing itself: others may have other bytes under the same name.
  private var holder: Int?

  /// - Parameter sources: none where nobody may be asked; then the answer is 404.
  init(_ sources: [ModuleSource], eventLoop: any EventLoop) {
    self.sources = sources
    self.eventLoop = eventLoop
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    guard !sources.isEmpty else { return refuse(sink) }
    let isRest = request.head.fields.contains("range")
    let asked = (isRest ? holder : nil).map { sources[$0..<$0 + 1] } ?? sources[...]
    let exchange = SourceExchange(request, sources: asked, sink: sink, eventLoop: eventLoop) { [weak self] in self?.holder = $0 }
    exchange.ask()
    return exchange
  }

  private func refuse(_ sink: any ResponseSink) -> any RequestSink {
    let exchange = PrivateRefusal(sink)
    eventLoop.assumeIsolated().execute { exchange.answer() }
    return exchange
  }
}

/// The answer where all sources are public and the module is private.
private final class PrivateRefusal: RequestSink {
  private var sink: (any ResponseSink)?

  init(_ sink: any ResponseSink) { self.sink = sink }

  func answer() {
    guard let sink else { return }
    self.sink = nil
    let text = "the module is private, and all sources of this proxy are public: none of them is asked\n"
    let fields: FieldSection = ["content-type": "text/plain; charset=utf-8", "content-length": String(text.utf8.count)]
    sink.receiveHead(ResponseHead(status: 404, fields: fields, bodyLength: .known(UInt64(text.utf8.count))))
    sink.receiveResponseBody(ByteBuffer(string: text))
    sink.receiveResponseEnd(trailers: nil)
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {}
  func receiveRequestEnd(trailers: FieldSection?) {}
  func responseConsumed(_ byteCount: Int) {}
  func cancel(_ reason: ResetReason) { sink = nil }
}
