public import NIOCore

/// A client's connection whose first bytes say what is spoken: HTTP/2 with prior knowledge begins with the connection preface
/// (RFC 9113 §3.4), everything else is HTTP/1.1.
public final class DetectingServerWire: ByteStreamWire {
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
