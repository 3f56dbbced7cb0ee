public import Exchange
public import HTTPMessage
public import NIOCore

/// A client's TCP connection whose bytes are not looked at: one CONNECT (RFC 9114 §4.4), opened when the connection is there.
///
/// The end of either side is passed on by itself, a reset as a reset.
public final class TCPServerWire: ByteStreamWire {
  public var transport: (any ByteStreamTransport)? {
    didSet { if transport != nil, request == nil, !isOpened { open() } }
  }

  private let context: ServerWireContext
  private let target: [UInt8]
  private var flow = TunnelFlow()
  private var request: (any RequestSink)?
  private var isOpened = false
  private var isAnswered = false
  private var isFailed = false

  /// - Parameters:
  ///   - context: whom the wire serves.
  ///   - target: `:authority` of the CONNECT; a handler that knows the listener's service puts it in place of the host.
  public init(_ context: ServerWireContext, target: String) {
    self.context = context
    self.target = Array(target.utf8)
  }

  private func open() {
    isOpened = true
    var fields = FieldSection()
    fields.append(.method, "CONNECT")
    fields.append(.authority, target)
    let head = RequestHead(fields: fields, bodyLength: .unknown)
    let sink = context.handler.open(ExchangeRequest(head: head, origin: context.origin), respondingTo: self)
    if !isFailed { request = sink }
  }

  public func receive(_ bytes: ByteBuffer) {
    guard let request, !flow.isCut else { return }
    flow.received(bytes.readableBytes)
    request.receiveRequestBody(bytes)
    setNeedsUpdate()
  }

  public func receivedEnd() {
    guard !flow.hasPeerEnded else { return }
    flow.peerEnded()
    request?.receiveRequestEnd(trailers: nil)
    setNeedsUpdate()
  }

  public func connectionClosed() {
    let request = request
    self.request = nil
    isFailed = true
    if !flow.hasEnded { request?.cancel(.connectionLost) }
    flow.cut()
  }

  public func nextOutput() -> ByteBuffer? {
    let left = flow.takeLeft()
    if left > 0 { request?.responseConsumed(left) }
    return flow.next()
  }

  public var wantsBytes: Bool { flow.wantsBytes }
  public var heldBytes: Int { flow.outstandingBytes }
  public var wantsClose: Bool { flow.wantsClose }
  public var closesAbruptly: Bool { flow.isCut }
  public var isTunnel: Bool { true }
  public var endsOutput: Bool { flow.endsOutput }
  public var hasEndedTunnel: Bool { flow.hasEnded }

  /// A silent tunnel is as good as any other; who is gone without a word is found by TCP's keep-alive.
  public var deadline: NIODeadline? { nil }
  public func handleTimeout(now: NIODeadline) {}

  /// What is open goes on until its end.
  public func drain() {}

  public var openExchangeCount: Int { flow.wantsClose ? 0 : 1 }

  private func setNeedsUpdate() { transport?.setNeedsUpdate() }

  private func cut() {
    flow.cut()
    setNeedsUpdate()
  }
}

extension TCPServerWire: ResponseSink {
  public func receiveInterim(_ head: ResponseHead) {}

  /// There is nobody to read another answer than success: the client sees a reset, the log has the reason.
  public func receiveHead(_ head: ResponseHead) {
    isAnswered = (200...299).contains(head.status)
    if !isAnswered { cut() }
  }

  public func receiveResponseBody(_ chunk: ByteBuffer) {
    guard isAnswered else { return }
    flow.write(chunk)
    setNeedsUpdate()
  }

  public func receiveResponseEnd(trailers: FieldSection?) {
    flow.endOutput()
    setNeedsUpdate()
  }

  public func fail(_ error: GatewayError) {
    isFailed = true
    request = nil
    cut()
  }

  /// The other end takes nothing more, which only a reset says to the client of a TCP connection.
  public func stopRequest(_ reason: ResetReason) { cut() }

  public func requestConsumed(_ byteCount: Int) {
    flow.consumed(byteCount)
    setNeedsUpdate()
  }
}
