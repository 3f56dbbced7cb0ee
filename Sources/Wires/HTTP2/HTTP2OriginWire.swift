import Events
public import Exchange
import HTTP2
import HTTPMessage
public import NIOCore

/// HTTP/2 (RFC 9113) towards an origin: many exchanges on one connection.
public final class HTTP2OriginWire: OriginWire {
  public var transport: (any ByteStreamTransport)?

  let session: HTTP2Session
  private let context: OriginWireContext
  private let maximumOpenExchanges: Int
  private var silence: SilenceWatch
  private var isDraining = false
  private var hasEnded = false
  /// Whether the origin's SETTINGS have come. Until then `vacancy` is a guess, and nothing proves that the origin speaks HTTP/2.
  public private(set) var hasSettings = false
  /// The connection was given up because the origin is silent: nobody would acknowledge a plain end.
  public private(set) var closesAbruptly = false

  /// - Parameters:
  ///   - context: the origin's name and where refusals are told.
  ///   - silence: how long the origin may send nothing while exchanges are open.
  public init(_ context: OriginWireContext, silence: SilenceLimits = SilenceLimits()) {
    self.context = context
    self.silence = SilenceWatch(silence)
    var configuration = HTTP2Configuration()
    configuration.limits = context.limits
    session = HTTP2Session(role: .client, configuration: configuration)
    // So many streams cannot have more outstanding than the connection's budget, whatever their readers do: one that is
    // stalled never takes the window from the others.
    let budgetBytes = configuration.budgetBytes - configuration.growthBudgetBytes
    maximumOpenExchanges = max(1, budgetBytes / Int(configuration.streamWindowBytes))
  }

  var name: String { context.name }

  public var vacancy: Int {
    guard isReusable else { return 0 }
    return max(0, min(session.peerMaximumConcurrentStreams, maximumOpenExchanges) - session.openStreamCount)
  }

  public var isReusable: Bool { !isDraining && !hasEnded && session.mayOpen }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    guard !request.head.isConnect || request.head.protocol == nil || session.peerTakesExtendedConnect else {
      sink.fail(
        GatewayError(
          .httpUpgradeFailed, side: .origin,
          message: """
            \(name) does not take WebSocket or other upgrades over HTTP/2 (RFC 8441); reach it by http:// if it takes them there
            """))
      return DiscardingRequestSink()
    }
    guard vacancy > 0, let stream = session.submitRequest(request.head) else {
      sink.fail(
        GatewayError(
          .connectionLimitReached, side: .local, retry: .safe, message: "the connection to \(name) takes no further request"))
      return DiscardingRequestSink()
    }
    silence.opened(isOnly: session.openStreamCount == 1, at: context.now())
    let hasContent = request.head.bodyLength != .none
    let exchange = HTTP2OriginExchange(
      wire: self, stream: stream, response: sink, hasContent: hasContent, openedAt: context.now())
    stream.owner = exchange
    setNeedsUpdate()
    return exchange
  }

  public func receive(_ bytes: ByteBuffer) {
    guard !hasEnded else { return }
    silence.received(at: context.now())
    session.receive(bytes)
    handleEvents()
    setNeedsUpdate()
  }

  public func receivedEnd() {
    end("\(name) closed the connection")
  }

  public func connectionClosed() {
    end("the connection to \(name) was lost")
  }

  public func nextOutput() -> ByteBuffer? {
    guard !hasEnded else { return nil }
    var output = session.nextOutput()
    if output == nil, isDraining {
      // Behind all else: requests that are queued when GOAWAY goes out are not sent any more.
      session.drain()
      output = session.nextOutput()
    }
    handleEvents()
    return output
  }

  /// Flow control bounds the content that an origin can send; what makes us answer is bounded by what it reads.
  public var wantsBytes: Bool { session.wantsBytes }

  public var wantsClose: Bool { hasEnded || session.isFinished }

  public var deadline: NIODeadline? { hasEnded ? nil : silence.deadline }

  public func handleTimeout(now: NIODeadline) {
    guard !hasEnded else { return }
    switch silence.check(at: now, isOwed: session.openStreamCount > 0) {
    case .nothing: break
    case .ping:
      session.ping()
      setNeedsUpdate()
    case .giveUp:
      closesAbruptly = true
      end("\(name) sends nothing any more, not even an answer to PING; the connection was given up")
    }
  }

  public func drain() {
    isDraining = true
    setNeedsUpdate()
  }

  public var openExchangeCount: Int { wantsClose ? 0 : session.openStreamCount }

  /// An exchange was given up for want of an answer.
  func gaveUp(openedAt: NIODeadline) {
    if silence.heardNothing(since: openedAt) { drain() }
  }

  func setNeedsUpdate() {
    transport?.setNeedsUpdate()
  }

  private func handleEvents() {
    while let event = session.nextEvent() { handle(event) }
  }

  private func handle(_ event: HTTP2Event) {
    switch event {
    case .interimHead(let stream, let head):
      silence.messageReceived()
      exchange(stream)?.receiveInterim(head)
    case .responseHead(let stream, let head):
      silence.messageReceived()
      exchange(stream)?.receiveHead(head)
    case .body(let stream, let chunk):
      silence.messageReceived()
      if let exchange = exchange(stream) {
        exchange.receiveBody(chunk)
      } else {
        session.consumed(chunk.readableBytes, on: stream)
      }
    case .end(let stream, let trailers): exchange(stream)?.receiveEnd(trailers: trailers)
    case .bodyTaken(let stream, let byteCount): exchange(stream)?.requestTaken(byteCount)
    case .closed(let stream, let code, let isByPeer):
      let exchange = exchange(stream)
      stream.owner = nil
      exchange?.closed(code, isByPeer: isByPeer)
    case .refused(let stream, let refusal): refused(refusal, on: stream)
    case .settingsReceived: hasSettings = true
    case .requestHead, .requestTooLarge, .goAway: break
    }
  }

  private func refused(_ refusal: HTTP2Refusal, on stream: HTTP2Stream?) {
    let cause: GatewayError.Cause
    let text: String
    switch refusal {
    case .malformed(let reason), .connectionError(let reason), .excessive(let reason):
      record(.malformed, reason: reason)
      cause = .httpProtocolError
      text = "\(name) sent a malformed HTTP/2 message: \(reason)"
    case .fieldsTooLarge:
      record(.fieldsTooLarge, reason: "a response's fields are more than the limits allow")
      cause = .httpResponseTooLarge
      text = "\(name) sent header fields that are larger than this gateway passes on"
    }
    if let stream {
      exchange(stream)?.violation = GatewayError(cause, side: .origin, message: text)
    } else {
      for stream in session.openStreams { exchange(stream)?.violation = GatewayError(cause, side: .origin, message: text) }
      failAll(text)
    }
  }

  /// The connection is over. That is known before any exchange fails: whoever is told may open the next one at once, and must not
  /// find room here.
  private func end(_ reason: String) {
    hasEnded = true
    failAll(reason)
    setNeedsUpdate()
  }

  private func failAll(_ reason: String) {
    for stream in session.openStreams {
      let exchange = exchange(stream)
      stream.owner = nil
      exchange?.connectionLost(reason)
    }
  }

  private func exchange(_ stream: HTTP2Stream) -> HTTP2OriginExchange? {
    stream.owner as? HTTP2OriginExchange
  }

  private func record(_ refusal: MessageRefusal, reason: String) {
    context.events?.record(
      .messageRefused(wire: WireProtocol.http2.rawValue, refusal, from: context.name, reason: reason))
  }
}
