public import Exchange
public import HTTPMessage
public import NIOCore

/// A TCP connection to an origin whose bytes are not looked at: it is the tunnel of one CONNECT (RFC 9110 §9.3.6), which is
/// answered at once, because the connection is there.
public final class TCPOriginWire: OriginWire {
  public var transport: (any ByteStreamTransport)?

  private let context: OriginWireContext
  private var flow = TunnelFlow()
  private var response: (any ResponseSink)?
  private var isTaken = false

  /// - Parameter context: the origin's name.
  public init(_ context: OriginWireContext) {
    self.context = context
  }

  /// One tunnel, once.
  public var vacancy: Int { isReusable ? 1 : 0 }

  public var isReusable: Bool { !isTaken && !flow.isCut && !flow.hasPeerEnded }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    guard vacancy > 0 else {
      sink.fail(
        GatewayError(
          .connectionTerminated, side: .origin, retry: .safe, message: "\(context.name) closed the connection at once"))
      return DiscardingRequestSink()
    }
    isTaken = true
    response = sink
    sink.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    setNeedsUpdate()
    return self
  }

  public func receive(_ bytes: ByteBuffer) {
    guard let response, !flow.isCut else { return }
    flow.received(bytes.readableBytes)
    response.receiveResponseBody(bytes)
    setNeedsUpdate()
  }

  public func receivedEnd() {
    guard !flow.hasPeerEnded else { return }
    flow.peerEnded()
    response?.receiveResponseEnd(trailers: nil)
    setNeedsUpdate()
  }

  public func connectionClosed() {
    let response = response
    self.response = nil
    if !flow.hasPeerEnded {
      response?.fail(
        GatewayError(.httpResponseIncomplete, side: .origin, message: "the connection to \(context.name) was reset or lost"))
    } else if !flow.isOutputEnded {
      response?.stopRequest(.connectionLost)
    }
    flow.cut()
  }

  public func nextOutput() -> ByteBuffer? {
    let left = flow.takeLeft()
    if left > 0 { response?.requestConsumed(left) }
    return flow.next()
  }

  public var wantsBytes: Bool { flow.wantsBytes }
  public var heldBytes: Int { flow.outstandingBytes }
  public var wantsClose: Bool { flow.wantsClose }
  public var closesAbruptly: Bool { flow.isCut }
  public var isTunnel: Bool { true }
  public var endsOutput: Bool { flow.endsOutput }
  public var hasEndedTunnel: Bool { flow.hasEnded }
  public var deadline: NIODeadline? { nil }
  public func handleTimeout(now: NIODeadline) {}

  public func drain() {
    if !isTaken { cut() }
  }

  public var openExchangeCount: Int { isTaken && !flow.wantsClose ? 1 : 0 }

  private func setNeedsUpdate() { transport?.setNeedsUpdate() }

  private func cut() {
    flow.cut()
    setNeedsUpdate()
  }
}

extension TCPOriginWire: RequestSink {
  public func receiveRequestBody(_ chunk: ByteBuffer) {
    flow.write(chunk)
    setNeedsUpdate()
  }

  public func receiveRequestEnd(trailers: FieldSection?) {
    flow.endOutput()
    setNeedsUpdate()
  }

  /// The client has reset its connection or left.
  public func cancel(_ reason: ResetReason) {
    response = nil
    cut()
  }

  public func responseConsumed(_ byteCount: Int) {
    flow.consumed(byteCount)
    setNeedsUpdate()
  }
}
