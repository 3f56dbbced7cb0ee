public import NIOCore

/// HTTP/2 (RFC 9113) towards a client: each stream becomes an exchange.
public final class HTTP2ServerWire: ByteStreamWire {
  public weak var transport: (any ByteStreamTransport)?

  public init(_ context: ServerWireContext) {}

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
