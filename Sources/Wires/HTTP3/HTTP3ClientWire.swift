import DequeModule
public import Events
public import Exchange
public import HTTP3
public import HTTPMessage
public import QUICTransport

/// The outgoing side of HTTP/3: exchanges that are opened here become requests on one QUIC connection.
///
/// The network layer gives `application` to the connection and calls `processEvents()` behind each receive, timeout and write
/// pass. Requests that find no stream wait in order, up to a number; `onWaitBegan` lets its owner bound the time (`giveUp`). Confined to
/// the connection's event loop.
public final class HTTP3ClientWire: ExchangeHandler {
  let session: HTTP3Session
  private let peer: GatewayError.Side
  private let waitingLimit: Int
  private let mayBeRepeated: (RequestHead) -> Bool
  private let events: (any EventSink)?
  private var waiting: Deque<HTTP3ClientExchange> = []
  private var isClosed = false

  /// Told of each exchange that begins to wait for a stream, also of one that waits again because it was too early.
  public var onWaitBegan: ((any RequestSink) -> Void)?

  /// - Parameters:
  ///   - peer: who answers, for the errors that this makes.
  ///   - waitingLimit: how many requests may wait for a stream.
  ///   - mayBeRepeated: whether it does no harm when an origin gets a request twice. Others do not leave as early data, but wait
  ///     for the handshake (RFC 8470 §4).
  ///   - events: is told of requests in early data.
  public init(
    peer: GatewayError.Side, waitingLimit: Int = 1024, configuration: HTTP3Configuration = HTTP3Configuration(),
    mayBeRepeated: @escaping (RequestHead) -> Bool = { $0.isSafe }, events: (any EventSink)? = nil
  ) {
    session = HTTP3Session(role: .client, configuration: configuration)
    self.peer = peer
    self.waitingLimit = waitingLimit
    self.mayBeRepeated = mayBeRepeated
    self.events = events
  }

  /// What the connection feeds and drains.
  public var application: any StreamApplication { session }

  /// Exchanges that are open, those that wait for a stream included.
  public var openExchangeCount: Int { session.openStreamCount + waiting.count }

  /// Of those, the ones whose client waits for the peer. In an open tunnel nobody waits as long as nothing is under way.
  public var busyExchangeCount: Int { openExchangeCount - session.openTunnelCount }

  /// Whether new exchanges go on another connection: the peer or we have said so.
  public var isDraining: Bool { session.isGoingAway || session.isShuttingDown || isClosed }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = HTTP3ClientExchange(wire: self, response: sink, hasContent: request.head.bodyLength != .none)
    if isDraining {
      exchange.fail(unavailable("the connection is closing"))
    } else if isNext(request.head), let stream = session.submitRequest(request.head) {
      exchange.begin(on: stream, with: request.head)
    } else if waiting.count < waitingLimit {
      exchange.wait(with: request.head)
      waiting.append(exchange)
      onWaitBegan?(exchange)
    } else {
      exchange.fail(failure(.connectionLimitReached, retry: .safe, "\(waitingLimit) requests wait for a stream already"))
    }
    return exchange
  }

  /// Whether an exchange that `open` returned waits for a stream still; if it does, `onEnd` is called once when it no longer
  /// does.
  public func isWaiting(_ exchange: any RequestSink, onEnd: @escaping () -> Void = {}) -> Bool {
    guard let exchange = exchange as? HTTP3ClientExchange, exchange.waitingHead != nil else { return false }
    exchange.onWaitEnded = onEnd
    return true
  }

  /// Ends the wait of an exchange for a stream, if it still waits.
  /// - Parameter limit: how long it has waited, for the error's message.
  public func giveUp(_ exchange: any RequestSink, after limit: String) {
    guard let exchange = exchange as? HTTP3ClientExchange, exchange.waitingHead != nil else { return }
    forget(exchange)
    exchange.fail(
      failure(
        .connectionLimitReached, retry: .safe,
        "no stream came free in \(limit): as many requests are open on this connection as the peer allows"))
  }

  /// Who takes the answers of the exchanges that are open here, the oldest first, those that wait for a stream included.
  public var openResponses: [any ResponseSink] {
    let streams = session.openStreams.sorted { $0.id.rawValue < $1.id.rawValue }
    return streams.compactMap { ($0.context as? HTTP3ClientExchange)?.response } + waiting.compactMap(\.response)
  }

  /// Acts on what the connection has recorded.
  public func processEvents() {
    while let event = session.nextEvent() {
      switch event {
      case .interim(let stream, _), .response(let stream, _), .body(let stream, _), .end(let stream, _),
        .peerReset(let stream, _), .malformed(let stream, _), .peerStoppedReading(let stream, _), .sent(let stream, _),
        .closed(let stream, _):
        (stream.context as? HTTP3ClientExchange)?.handle(event)
      case .streamsAvailable:
        openWaiting()
      case .goAway:
        failWaiting(unavailable("the peer takes no more requests (GOAWAY)"))
      case .request, .refused:
        break
      }
    }
    if !waiting.isEmpty { openWaiting() }
  }

  /// Opens nothing new; what is open goes on, what waits for a stream fails and may be sent elsewhere.
  public func drain() {
    session.beginShutdown()
    failWaiting(unavailable("the connection is closing"))
  }

  /// The connection is gone: every open exchange fails with `error`, those that wait with one that says they may be sent again.
  public func connectionClosed(_ error: GatewayError) {
    isClosed = true
    let streams = session.openStreams
    session.connectionClosed()
    for stream in streams { (stream.context as? HTTP3ClientExchange)?.connectionLost(error) }
    failWaiting(GatewayError(error.cause, side: error.side, retry: .safe, message: error.message))
  }

  /// The peer's place in errors.
  func failure(_ cause: GatewayError.Cause, retry: GatewayError.Retry = .unsafe, _ message: String) -> GatewayError {
    GatewayError(cause, side: peer, retry: retry, message: message)
  }

  /// Sends a request again that an origin would not have in early data; it waits for the handshake.
  func sendAgain(_ exchange: HTTP3ClientExchange) {
    events?.record(.earlyRequest(.tooEarly))
    waiting.append(exchange)
    openWaiting()
    onWaitBegan?(exchange)
  }

  func sentEarly() { events?.record(.earlyRequest(.sent)) }

  func forget(_ exchange: HTTP3ClientExchange) {
    waiting.removeAll { $0 === exchange }
  }

  func unavailable(_ message: String) -> GatewayError {
    failure(.destinationUnavailable, retry: .safe, message)
  }

  private func openWaiting() {
    while let index = waiting.firstIndex(where: mayLeave), let head = waiting[index].waitingHead,
      let stream = session.submitRequest(head) {
      let exchange = waiting.remove(at: index)
      exchange.begin(on: stream, with: head)
    }
  }

  /// Whether no other request must leave before this one, and it may leave now.
  private func isNext(_ head: RequestHead) -> Bool {
    guard session.isEarly else { return waiting.isEmpty }
    return mayBeRepeated(head) && !waiting.contains(where: mayLeave)
  }

  private func mayLeave(_ exchange: HTTP3ClientExchange) -> Bool {
    guard session.isEarly else { return true }
    return !exchange.waitsForHandshake && exchange.waitingHead.map(mayBeRepeated) == true
  }

  private func failWaiting(_ error: GatewayError) {
    let failed = waiting
    waiting.removeAll()
    for exchange in failed { exchange.fail(error) }
  }
}
