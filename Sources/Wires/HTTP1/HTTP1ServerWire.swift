public import NIOCore

/// HTTP/1.1 and 1.0 (RFC 9112) towards a client: each request becomes an exchange, one at a time.
public final class HTTP1ServerWire: ByteStreamWire {
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
