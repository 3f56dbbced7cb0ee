import Events
import Exchange
import HTTP2
import HTTPMessage
public import NIOCore

/// HTTP/2 (RFC 9113) towards a client: each stream becomes an exchange.
public final class HTTP2ServerWire: ByteStreamWire {
  public var transport: (any ByteStreamTransport)?

  let session: HTTP2Session
  private let context: ServerWireContext
  private var hasSettings = false
  private var hasPeerEnded = false
  private var isIdleEnding = false
  public private(set) var deadline: NIODeadline?

  /// - Parameter context: whom the wire serves; its `origin` is handed on with every request.
  public init(_ context: ServerWireContext) {
    self.context = context
    var configuration = HTTP2Configuration()
    configuration.limits = context.limits
    session = HTTP2Session(role: .server, configuration: configuration)
    deadline = context.now() + context.timeouts.head
  }

  public func receive(_ bytes: ByteBuffer) {
    guard !hasPeerEnded else { return }
    session.receive(bytes)
    handleEvents()
    setNeedsUpdate()
  }

  /// A client that ends its side of an HTTP/2 connection reads no answers either: what is open is cancelled.
  public func receivedEnd() {
    cancelAll(.connectionLost)
    hasPeerEnded = true
    setNeedsUpdate()
  }

  public func connectionClosed() {
    hasPeerEnded = true
    cancelAll(.connectionLost)
  }

  public func nextOutput() -> ByteBuffer? {
    guard !hasPeerEnded else { return nil }
    let output = session.nextOutput()
    handleEvents()
    return output
  }

  /// Flow control bounds the content that a client can send; what makes us answer is bounded by what it reads.
  public var wantsBytes: Bool { session.wantsBytes }

  public var wantsClose: Bool { hasPeerEnded || session.isFinished }

  public func handleTimeout(now: NIODeadline) {
    guard let deadline, now >= deadline else { return }
    self.deadline = nil
    if hasSettings, !isIdleEnding {
      isIdleEnding = true
      session.drain()
      self.deadline = now + context.timeouts.head
    } else if hasSettings {
      session.terminate(.noError)
    } else {
      record(.timedOut, reason: "no SETTINGS frame in time")
      session.terminate(.settingsTimeout)
    }
    setNeedsUpdate()
  }

  public func drain() {
    session.drain()
    setNeedsUpdate()
  }

  public var openExchangeCount: Int { wantsClose ? 0 : session.openStreamCount }

  func setNeedsUpdate() {
    transport?.setNeedsUpdate()
  }

  /// Sends an answer of our own.
  func answer(_ error: GatewayError, on stream: HTTP2Stream, isGRPC: Bool, isHead: Bool) {
    let (head, body) = error.response(isGRPC: isGRPC, isHead: isHead, hop: context.hop)
    session.submitResponse(head, on: stream)
    if let body { session.write(body, on: stream) }
    session.finish(stream, trailers: nil)
  }

  private func handleEvents() {
    while let event = session.nextEvent() { handle(event) }
  }

  private func handle(_ event: HTTP2Event) {
    switch event {
    case .requestHead(let stream, let head): open(head, on: stream)
    case .requestTooLarge(let stream): refuseTooLarge(stream)
    case .body(let stream, let chunk):
      if let exchange = exchange(stream) {
        exchange.receiveRequestBody(chunk)
      } else {
        session.consumed(chunk.readableBytes, on: stream)
      }
    case .end(let stream, let trailers): exchange(stream)?.receiveRequestEnd(trailers: trailers)
    case .bodyTaken(let stream, let byteCount): exchange(stream)?.responseTaken(byteCount)
    case .closed(let stream, let code, let isByPeer): closed(stream, code: code, isByPeer: isByPeer)
    case .refused(let stream, let refusal): refused(refusal, on: stream)
    case .settingsReceived:
      if !hasSettings {
        hasSettings = true
        updateIdleDeadline()
      }
    case .goAway, .interimHead, .responseHead: break
    }
  }

  private func open(_ head: RequestHead, on stream: HTTP2Stream) {
    // A stream that was reset in the same read has had its end: nobody need begin work for it.
    guard !stream.isClosed else { return }
    deadline = nil
    let exchange = HTTP2ServerExchange(wire: self, stream: stream, head: head)
    stream.owner = exchange
    exchange.open(ExchangeRequest(head: head, origin: context.origin), with: context.handler)
  }

  private func refuseTooLarge(_ stream: HTTP2Stream) {
    record(.fieldsTooLarge, reason: "a request's fields are more than the limits allow")
    let error = GatewayError(
      .httpRequestTooLarge, side: .client, message: "the request's header fields are larger than this gateway passes on")
    answer(error, on: stream, isGRPC: false, isHead: false)
    session.resetAfterEnd(stream, code: .noError)
  }

  private func closed(_ stream: HTTP2Stream, code: HTTP2ErrorCode, isByPeer: Bool) {
    let exchange = exchange(stream)
    stream.owner = nil
    exchange?.closed(ResetReason(code))
    updateIdleDeadline()
  }

  private func refused(_ refusal: HTTP2Refusal, on stream: HTTP2Stream?) {
    switch refusal {
    case .malformed(let reason), .connectionError(let reason): record(.malformed, reason: reason)
    case .fieldsTooLarge: record(.fieldsTooLarge, reason: "trailers are more than the limits allow")
    case .excessive(let reason): record(.excessive, reason: reason)
    }
    if stream == nil { cancelAll(.connectionLost) }
  }

  private func cancelAll(_ reason: ResetReason) {
    for stream in session.openStreams {
      let exchange = exchange(stream)
      stream.owner = nil
      exchange?.closed(reason)
    }
  }

  private func exchange(_ stream: HTTP2Stream) -> HTTP2ServerExchange? {
    stream.owner as? HTTP2ServerExchange
  }

  /// A connection that is ending because it was idle has as long as before its last stream to acknowledge that.
  private func updateIdleDeadline() {
    guard hasSettings, session.openStreamCount == 0 else { return }
    deadline = context.now() + (isIdleEnding ? context.timeouts.head : context.timeouts.idleHTTP2)
  }

  private func record(_ refusal: MessageRefusal, reason: String) {
    context.events?.record(
      .messageRefused(wire: WireProtocol.http2.rawValue, refusal, from: context.origin.peerAddress, reason: reason))
  }
}
