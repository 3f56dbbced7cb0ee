import Events
public import Exchange
import HTTP1
import HTTPMessage
public import NIOCore

/// HTTP/1.1 (RFC 9112) towards an origin: one exchange at a time on a connection that is kept.
///
/// A request that failed with `connectionTerminated` had no byte of an answer; on a connection that served before it may be sent
/// again if its method is safe (RFC 9110 §9.2.2), even when the error says `Retry.unsafe`.
public final class HTTP1OriginWire: OriginWire {
  public var transport: (any ByteStreamTransport)?

  private let context: OriginWireContext
  private var parser: HTTP1ResponseParser
  var output = OutputQueue()
  /// Content in the piece that was handed out last.
  private var takenBytes = 0
  private var exchange: HTTP1OriginExchange?
  private var keepsAlive = true
  private var hasRequestLeft = false
  private var pendingFailure: GatewayError?
  private var isDraining = false
  private var isClosing = false
  private var hasCarriedTunnel = false
  /// A request for a tunnel is the last of its connection, whatever the answer: whoever made the connection for it has no other
  /// use for it, and what an origin that refused still reads of it nobody knows.
  private var wasAskedForTunnel = false
  public private(set) var closesAbruptly = false
  public private(set) var deadline: NIODeadline?

  /// - Parameter context: the origin's name and where refusals are told.
  public init(_ context: OriginWireContext) {
    self.context = context
    parser = HTTP1ResponseParser(limits: context.limits)
  }

  public var vacancy: Int { exchange == nil && isReusable ? 1 : 0 }

  public var isReusable: Bool { keepsAlive && !isDraining && !isClosing && !wasAskedForTunnel }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    guard vacancy > 0 else {
      return refuse(
        sink,
        GatewayError(
          .connectionLimitReached, side: .local, retry: .safe,
          message: "the connection to \(context.name) takes no further request"))
    }
    var head = request.head
    let tunnel = Self.tunnel(askedBy: &head)
    let framing: HTTP1Framing
    do throws(HTTP1Error) {
      let head = head
      framing = try output.write { (buffer: inout ByteBuffer) throws(HTTP1Error) in
        try buffer.writeHTTP1RequestHead(head)
      }
    } catch {
      return refuse(sink, GatewayError(refusedRequest: error))
    }
    takenBytes = 0
    wasAskedForTunnel = tunnel != .none
    var traits = HTTP1RequestTraits(isHead: head.isHead, isConnect: tunnel == .connect)
    if case .upgrade = tunnel { traits.upgrade = head.protocol.map { HTTP1Upgrade(protocolName: Array($0)) } }
    parser.expectResponse(to: traits)
    hasRequestLeft = false
    let exchange = HTTP1OriginExchange(wire: self, response: sink, framing: framing, tunnel: tunnel)
    self.exchange = exchange
    setNeedsUpdate()
    return exchange
  }

  public func receive(_ bytes: ByteBuffer) {
    guard !isClosing else { return }
    parser.receive(bytes)
    process()
    setNeedsUpdate()
  }

  public func receivedEnd() {
    guard !isClosing else { return }
    do throws(HTTP1Error) {
      if case .end(let trailers)? = try parser.receivedEnd() { exchange?.receiveEnd(trailers: trailers) }
    } catch {
      // What is missing fails below.
    }
    if isTunnel {
      finishIfOver()
      return setNeedsUpdate()
    }
    close(lost("\(context.name) closed the connection"))
  }

  public func connectionClosed() {
    close(lost("the connection to \(context.name) was lost"))
    output.removeAll()
  }

  public func nextOutput() -> ByteBuffer? {
    if let failure = pendingFailure {
      pendingFailure = nil
      close(failure)
    }
    if takenBytes > 0 { exchange?.requestTaken(takenBytes) }
    takenBytes = 0
    guard !isClosing else { return nil }
    guard let piece = output.next() else {
      finishIfOver()
      return nil
    }
    hasRequestLeft = true
    takenBytes = piece.contentBytes
    if deadline != nil { deadline = context.now() + context.linger }
    finishIfOver()
    return piece.bytes
  }

  public var wantsBytes: Bool {
    guard let exchange else { return true }
    return exchange.outstandingBytes < Self.outstandingLimitBytes
  }

  public var heldBytes: Int { exchange?.outstandingBytes ?? 0 }

  public var isTunnel: Bool { exchange?.isOpenTunnel ?? hasCarriedTunnel }

  public var endsOutput: Bool { output.isEmpty && exchange?.isOpenTunnel == true && exchange?.isRequestEnded == true }

  public var hasEndedTunnel: Bool {
    exchange?.isOpenTunnel == true && exchange?.isRequestEnded == true && exchange?.isResponseEnded == true
  }

  public var wantsClose: Bool { isClosing }

  public func handleTimeout(now: NIODeadline) {
    guard let deadline, now >= deadline else { return }
    close(nil)
  }

  public func drain() {
    isDraining = true
    if exchange == nil { isClosing = true }
    setNeedsUpdate()
  }

  public var openExchangeCount: Int { exchange == nil ? 0 : 1 }

  // MARK: Called by the exchange

  func setNeedsUpdate() {
    transport?.setNeedsUpdate()
  }

  /// HTTP/1.1 has no other way to give up a request than to give up the connection.
  func cancelExchange() {
    exchange = nil
    close(nil)
    closesAbruptly = true
  }

  /// The request's content is not as long as its head says. Told to the sink at the next turn: this runs inside one.
  func requestDoesNotFit() {
    closesAbruptly = true
    pendingFailure = GatewayError(
      .httpRequestError, side: .client, message: "the request's content is not as long as its Content-Length")
  }

  // MARK: Responses

  private func process() {
    do throws(HTTP1Error) {
      while !isClosing, let part = try parser.next() {
        switch part {
        case .interim(let head): exchange?.receiveInterim(head)
        case .head(let head, let keepsAlive):
          self.keepsAlive = keepsAlive
          guard exchange?.isProven(by: head) != false else {
            throw HTTP1Error(.malformed, "an answer that does not prove that a WebSocket server gave it (Sec-WebSocket-Accept)")
          }
          exchange?.receiveHead(head)
        case .body(let chunk): exchange?.receiveBody(chunk)
        case .end(let trailers): responseEnded(trailers)
        }
      }
    } catch {
      context.events?.record(
        .messageRefused(
          wire: WireProtocol.http1.rawValue, MessageRefusal(error.kind), from: context.name, reason: error.reason.description))
      closesAbruptly = true
      close(GatewayError(refusedResponse: error, from: context.name))
    }
  }

  private func responseEnded(_ trailers: FieldSection?) {
    exchange?.receiveEnd(trailers: trailers)
    finishIfOver()
    // The answer is complete and the request is not. An origin that keeps the connection wants the rest, one that closes it
    // does not.
    guard let exchange, !isTunnel else { return }
    if keepsAlive, !exchange.isTunnelRefused {
      deadline = context.now() + context.linger
    } else {
      close(nil)
    }
  }

  private func finishIfOver() {
    guard let exchange, exchange.isResponseEnded, exchange.isRequestEnded, output.isEmpty else { return }
    if exchange.isOpenTunnel { hasCarriedTunnel = true }
    self.exchange = nil
    deadline = nil
    exchange.close(nil)
    if !isReusable { isClosing = true }
    setNeedsUpdate()
  }

  private func close(_ error: GatewayError?) {
    isClosing = true
    deadline = nil
    pendingFailure = nil
    let exchange = exchange
    self.exchange = nil
    exchange?.close(error)
    setNeedsUpdate()
  }

  private func lost(_ reason: String) -> GatewayError {
    GatewayError(
      exchange?.hasHead == true ? .httpResponseIncomplete : .connectionTerminated, side: .origin,
      retry: hasRequestLeft ? .unsafe : .safe, message: reason)
  }

  /// How a request is said that asks for a tunnel; one for WebSocket gets a key of this connection.
  private static func tunnel(askedBy head: inout RequestHead) -> HTTP1OriginExchange.Tunnel {
    guard head.isConnect else { return .none }
    guard let name = head.protocol else { return .connect }
    // Whatever came as one belongs to another connection.
    head.fields.remove(.secWebSocketKey)
    guard WebSocketHandshake.isNeeded(for: name) else { return .upgrade(webSocketKey: nil) }
    let key = WebSocketHandshake.key()
    head.fields.append(.secWebSocketKey, key)
    return .upgrade(webSocketKey: key)
  }

  private func refuse(_ sink: any ResponseSink, _ error: GatewayError) -> any RequestSink {
    // The connection is as free as before.
    setNeedsUpdate()
    sink.fail(error)
    return DiscardingRequestSink()
  }

  private static let outstandingLimitBytes = 16 * 1024
}
