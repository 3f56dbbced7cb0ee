import Exchange
public import NIOCore

/// A client's connection whose first bytes say what is spoken: HTTP/2 with prior knowledge begins with the connection preface
/// (RFC 9113 §3.4), everything else is HTTP/1.1.
public final class DetectingServerWire: ByteStreamWire {
  public var transport: (any ByteStreamTransport)? {
    didSet { wire?.transport = transport }
  }

  private let context: ServerWireContext
  private var wire: (any ByteStreamWire)?
  private var first = ByteBuffer()
  private var isDraining = false
  private var isClosing = false
  private let firstDeadline: NIODeadline

  /// - Parameter context: whom the wire serves; the `wire` of its origin is replaced by what was found.
  public init(_ context: ServerWireContext) {
    self.context = context
    firstDeadline = context.now() + context.timeouts.head
  }

  public func receive(_ bytes: ByteBuffer) {
    if let wire { return wire.receive(bytes) }
    guard !isClosing else { return }
    if first.readableBytes == 0 { first = bytes } else { first.writeImmutableBuffer(bytes) }
    let count = min(first.readableBytes, Self.preface.count)
    guard first.readableBytesView.prefix(count).elementsEqual(Self.preface.prefix(count)) else { return choose(.http1) }
    if count == Self.preface.count { choose(.http2) }
  }

  public func receivedEnd() {
    if wire == nil, first.readableBytes > 0 { choose(.http1) }
    if let wire {
      wire.receivedEnd()
    } else {
      isClosing = true
      transport?.setNeedsUpdate()
    }
  }

  public func connectionClosed() {
    isClosing = true
    wire?.connectionClosed()
  }

  public func nextOutput() -> ByteBuffer? { wire?.nextOutput() }

  public var wantsBytes: Bool { wire?.wantsBytes ?? true }

  public var heldBytes: Int { wire?.heldBytes ?? 0 }

  public var wantsClose: Bool { wire?.wantsClose ?? isClosing }

  public var isTunnel: Bool { wire?.isTunnel ?? false }

  public var endsOutput: Bool { wire?.endsOutput ?? false }

  public var hasEndedTunnel: Bool { wire?.hasEndedTunnel ?? false }

  public var closesAbruptly: Bool { wire?.closesAbruptly ?? false }

  public var deadline: NIODeadline? { wire != nil ? wire?.deadline : (isClosing ? nil : firstDeadline) }

  public func handleTimeout(now: NIODeadline) {
    if let wire { return wire.handleTimeout(now: now) }
    guard now >= firstDeadline else { return }
    isClosing = true
    transport?.setNeedsUpdate()
  }

  public func drain() {
    if let wire { return wire.drain() }
    isDraining = true
    isClosing = first.readableBytes == 0
    transport?.setNeedsUpdate()
  }

  public var openExchangeCount: Int { wire?.openExchangeCount ?? 0 }

  private func choose(_ found: WireProtocol) {
    var context = context
    let origin = context.origin
    context.origin = RequestOrigin(
      wire: found, identity: origin.identity, peerAddress: origin.peerAddress, listener: origin.listener,
      isSecure: origin.isSecure)
    let wire: any ByteStreamWire = found == .http2 ? HTTP2ServerWire(context) : HTTP1ServerWire(context)
    wire.transport = transport
    self.wire = wire
    let bytes = first
    first = ByteBuffer()
    wire.receive(bytes)
    if isDraining { wire.drain() }
  }

  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
}
