import Exchange
import HTTPMessage
import NIOCore

/// Answers every request with its own content, and what it saw of the head in fields that begin with `saw-`.
final class EchoHandler: ExchangeHandler {
  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    Echo(request.head, sink: sink)
  }

  private final class Echo: RequestSink {
    private let sink: any ResponseSink

    init(_ request: RequestHead, sink: any ResponseSink) {
      self.sink = sink
      var fields = FieldSection()
      for field in request.fields where field.name.first != UInt8(ascii: ":") {
        fields.append(name: Array("saw-".utf8) + field.name, value: field.value)
      }
      fields.append(FieldName("saw-method"), request.method)
      fields.append(FieldName("saw-path"), request.path ?? [])
      fields.append(FieldName("saw-authority"), request.authority ?? [])
      sink.receiveHead(ResponseHead(status: 200, fields: fields, bodyLength: request.bodyLength == .none ? .none : .unknown))
    }

    func receiveRequestBody(_ chunk: ByteBuffer) {
      sink.requestConsumed(chunk.readableBytes)
      sink.receiveResponseBody(chunk)
    }

    func receiveRequestEnd(trailers: FieldSection?) { sink.receiveResponseEnd(trailers: trailers) }
    func cancel(_ reason: ResetReason) {}
    func responseConsumed(_ byteCount: Int) {}
  }
}
