import Events
import Exchange
import HTTP1
import HTTPMessage
public import NIOCore

/// HTTP/1.1 and 1.0 (RFC 9112) towards a client: each request becomes an exchange, one at a time.
///
/// A pipelined request stays in the buffer until the answer before it has been taken by the socket.
public final class HTTP1ServerWire: ByteStreamWire {
  public var transport: (any ByteStreamTransport)?

  private let context: ServerWireContext
  private var parser: HTTP1RequestParser
  var output = OutputQueue()
  /// Content in the piece that was handed out last.
  private var takenBytes = 0
  private var exchange: HTTP1ServerExchange?
  private var isHeadAwaited = true
  private var hasPeerEnded = false
  /// An upgrade was accepted: bytes that came with the request belong to the tunnel.
  private var isTunnelNew = false
  private var isClosing = false
  private var hasCarriedTunnel = false
  private(set) var isDraining = false
  public private(set) var closesAbruptly = false
  public private(set) var deadline: NIODeadline?

  /// - Parameter context: whom the wire serves; its `origin` is handed on with every request.
  public init(_ context: ServerWireContext) {
    self.context = context
    parser = HTTP1RequestParser(limits: context.limits, isSecure: context.origin.isSecure)
    deadline = context.now() + context.timeouts.head
  }

  public func receive(_ bytes: ByteBuffer) {
    guard !isClosing else { return }
    parser.receive(bytes)
    process()
    if exchange != nil { restartWait() }
    setNeedsUpdate()
  }

  /// The client may end its side behind a request and still gets its answer, if that does not take long; inside a request it has
  /// given up.
  public func receivedEnd() {
    guard !hasPeerEnded else { return }
    hasPeerEnded = true
    if isTunnelNew { beginTunnel() }
    if let exchange, !exchange.isRequestEnded {
      if parser.isReadingUntilClose {
        exchange.receiveRequestEnd(trailers: nil)
      } else {
        closeExchange(.incomplete)
        isClosing = true
      }
    } else if exchange == nil, output.isEmpty {
      isClosing = true
    }
    if exchange != nil { restartWait() }
    setNeedsUpdate()
  }

  public func connectionClosed() {
    closeExchange(.connectionLost)
    isClosing = true
    output.removeAll()
  }

  public func nextOutput() -> ByteBuffer? {
    if takenBytes > 0 { exchange?.responseTaken(takenBytes) }
    takenBytes = 0
    if isTunnelNew { beginTunnel() }
    while true {
      if let piece = output.next() {
        if hasPeerEnded, exchange != nil { restartWait() }
        takenBytes = piece.contentBytes
        return piece.bytes
      }
      guard !isClosing, let exchange, exchange.isResponseEnded, exchange.isRequestEnded || exchange.isRequestStopped else {
        return nil
      }
      finish(exchange)
    }
  }

  public var wantsBytes: Bool {
    guard !isClosing else { return true }
    if let exchange, !exchange.isRequestEnded, !exchange.isRequestStopped {
      return exchange.outstandingBytes < Self.outstandingLimitBytes && parser.bufferedByteCount < Self.pipelineLimitBytes
    }
    return exchange == nil || parser.bufferedByteCount < Self.pipelineLimitBytes
  }

  public var isTunnel: Bool { exchange?.isOpenTunnel ?? hasCarriedTunnel }

  public var endsOutput: Bool { output.isEmpty && exchange?.isOpenTunnel == true && exchange?.isResponseEnded == true }

  public var hasEndedTunnel: Bool {
    exchange?.isOpenTunnel == true && exchange?.isRequestEnded == true && exchange?.isResponseEnded == true
  }

  public var heldBytes: Int { exchange?.outstandingBytes ?? 0 }

  /// An answer that was cut off is not worth waiting for a client to read the rest of it.
  public var wantsClose: Bool { isClosing && (closesAbruptly || output.isEmpty) }

  public func handleTimeout(now: NIODeadline) {
    guard let deadline, now >= deadline else { return }
    self.deadline = nil
    guard !isClosing else { return }
    // A client that has ended its side and has not read all yet is there, only slow.
    if hasPeerEnded, exchange != nil, !output.isEmpty { return restartWait() }
    if let exchange {
      giveUp(exchange)
    } else if parser.bufferedByteCount > 0 {
      record(.timedOut, reason: "no complete request head in time")
      answer(GatewayError(.httpRequestTimeout, side: .client, message: "the request's head did not arrive in time"))
    }
    isClosing = true
    setNeedsUpdate()
  }

  public func drain() {
    isDraining = true
    if exchange == nil, parser.bufferedByteCount == 0 { isClosing = true }
    setNeedsUpdate()
  }

  public var openExchangeCount: Int { exchange == nil ? 0 : 1 }

  // MARK: Called by the exchange

  var hop: String { context.hop }

  func setNeedsUpdate() {
    transport?.setNeedsUpdate()
  }

  /// The answer to a request for another protocol is being written.
  func answerUpgrade(isAccepted: Bool) {
    parser.answerUpgrade(isAccepted: isAccepted)
    isTunnelNew = isAccepted
  }

  func responseEnded() {
    guard let exchange, !exchange.isRequestEnded, !exchange.isOpenTunnel else { return }
    restartWait()
  }

  /// What the client sends may be wanted again; its time runs from now on.
  func requestConsumed() {
    if deadline == nil { restartWait() }
    setNeedsUpdate()
  }

  func requestStopped() {
    restartWait()
    setNeedsUpdate()
  }

  /// The answer was cut off: the client must not take what it has for the whole.
  func abort() {
    isClosing = true
    closesAbruptly = true
  }

  // MARK: Requests

  private func process() {
    do throws(HTTP1Error) {
      while !isClosing, isReading, let part = try parser.next() {
        switch part {
        case .head(let head, let traits): open(head, traits)
        case .body(let chunk): exchange?.receiveRequestBody(chunk)
        case .end(let trailers): exchange?.receiveRequestEnd(trailers: trailers)
        }
      }
    } catch {
      refuse(error)
    }
    if exchange == nil, !isClosing, isHeadAwaited == false, parser.bufferedByteCount > 0 {
      isHeadAwaited = true
      deadline = context.now() + context.timeouts.head
    }
  }

  /// Whether the next part may be asked for: always inside a request, and a new one when the last has been answered whole.
  private var isReading: Bool {
    guard let exchange else { return output.isEmpty }
    return !parser.isBetweenRequests || !exchange.isRequestEnded
  }

  private func open(_ head: RequestHead, _ traits: HTTP1RequestTraits) {
    isHeadAwaited = false
    let exchange = HTTP1ServerExchange(wire: self, traits: traits, head: head)
    self.exchange = exchange
    restartWait()
    exchange.open(ExchangeRequest(head: head, origin: context.origin), with: context.handler)
  }

  /// Begins the wait for what the client of the open exchange owes next; it has no end while it owes nothing.
  private func restartWait() {
    guard let exchange, !isClosing else { return }
    let timeouts = context.timeouts
    if exchange.isOpenTunnel {
      deadline = nil
    } else if exchange.isResponseEnded, !exchange.isRequestEnded {
      deadline = context.now() + timeouts.linger
    } else if hasPeerEnded, !exchange.isTunnel {
      deadline = context.now() + timeouts.halfClosed
    } else if exchange.isContentDue, wantsBytes {
      deadline = context.now() + timeouts.body
    } else {
      deadline = nil
    }
  }

  /// The client of the open exchange has not gone on in time.
  private func giveUp(_ exchange: HTTP1ServerExchange) {
    if !exchange.isResponseEnded {
      if !hasPeerEnded { record(.timedOut, reason: "no further content of a request in time") }
      if exchange.hasAnswer {
        closesAbruptly = true
      } else if !hasPeerEnded {
        answer(GatewayError(.httpRequestTimeout, side: .client, message: "the request's content did not arrive in time"))
      }
    }
    closeExchange(hasPeerEnded ? .connectionLost : .incomplete)
  }

  /// Both sides of an exchange are over and its answer has been taken: the next request, if there is to be one.
  private func finish(_ exchange: HTTP1ServerExchange) {
    let isReusable = exchange.keepsAlive && exchange.isRequestEnded && !isDraining
    closeExchange(.noError)
    guard isReusable else {
      isClosing = true
      return
    }
    deadline = context.now() + context.timeouts.idle
    process()
    if hasPeerEnded, self.exchange == nil, output.isEmpty { isClosing = true }
  }

  private func beginTunnel() {
    isTunnelNew = false
    process()
    if hasPeerEnded, let exchange, !exchange.isRequestEnded { exchange.receiveRequestEnd(trailers: nil) }
  }

  private func closeExchange(_ reason: ResetReason) {
    let exchange = exchange
    if exchange?.isOpenTunnel == true { hasCarriedTunnel = true }
    self.exchange = nil
    takenBytes = 0
    exchange?.close(reason)
  }

  /// The client's bytes are no request: answered if no answer has begun, and the connection is given up.
  private func refuse(_ error: HTTP1Error) {
    record(MessageRefusal(error.kind), reason: error.reason.description)
    if let exchange {
      if !exchange.hasAnswer { answer(GatewayError(refusedRequest: error)) } else { closesAbruptly = !exchange.isResponseEnded }
      closeExchange(.malformed)
    } else {
      answer(GatewayError(refusedRequest: error))
    }
    isClosing = true
  }

  /// Writes an answer of our own outside an exchange.
  private func answer(_ error: GatewayError) {
    let (head, body) = error.response(isGRPC: false, isHead: false, hop: context.hop)
    var keepsAlive = false
    output.write { buffer in
      // Our own heads hold nothing that could not be written.
      _ = try? buffer.writeHTTP1ResponseHead(head, to: HTTP1RequestTraits(keepsAlive: false), keepsAlive: &keepsAlive)
      if let body { buffer.writeImmutableBuffer(body) }
    }
  }

  private func record(_ refusal: MessageRefusal, reason: String) {
    context.events?.record(
      .messageRefused(wire: WireProtocol.http1.rawValue, refusal, from: context.origin.peerAddress, reason: reason))
  }

  private static let outstandingLimitBytes = 64 * 1024
  private static let pipelineLimitBytes = 64 * 1024
}
