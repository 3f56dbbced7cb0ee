public import Exchange
import HTTPMessage
public import NIOCore

/// HTTP/1.1 (RFC 9112) towards an origin: one exchange at a time on a connection that is kept.
public final class HTTP1OriginWire: OriginWire {
  public weak var transport: (any ByteStreamTransport)?

  public init(_ context: OriginWireContext) {}

  public var vacancy: Int { 0 }

  public var isReusable: Bool { false }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    sink.fail(GatewayError(.internalError, side: .local, retry: .safe, message: "not built yet"))
    return Discard()
  }

  private final class Discard: RequestSink {
    func receiveRequestBody(_ chunk: ByteBuffer) {}
    func receiveRequestEnd(trailers: FieldSection?) {}
    func cancel(_ reason: ResetReason) {}
    func responseConsumed(_ byteCount: Int) {}
  }

  public func receive(_ bytes: ByteBuffer) {}

  public func receivedEnd() {}

  public func connectionClosed() {}

  public func nextOutput() -> ByteBuffer? { nil }

  public var wantsBytes: Bool { true }

  public var wantsClose: Bool { false }

  public var deadline: NIODeadline? { nil }

  public func handleTimeout(now: NIODeadline) {}

  public func drain() {}

  public var openExchangeCount: Int { 0 }
}
