public import Events
public import Exchange
public import HTTP3
import HTTPMessage
public import QUICTransport

/// The incoming side of HTTP/3: every request on one QUIC connection becomes an exchange of a handler.
///
/// The network layer gives `application` to the connection and calls `processEvents()` behind each receive, timeout and write
/// pass. Nothing is served before `authorize(_:)`; until then requests wait inside their streams' windows.
/// Confined to the connection's event loop.
public final class HTTP3ServerWire {
  private let session: HTTP3Session
  private let handler: any ExchangeHandler
  private let hop: String
  private let events: any EventSink
  private var origin: RequestOrigin?
  /// The handshake is not complete: what is served may be a copy, for all that the client has proved.
  private var isServingEarly = false

  /// - Parameters:
  ///   - handler: answers the requests; lives on the same event loop.
  ///   - hop: this process's name in `Proxy-Status`.
  ///   - events: is told of refused messages.
  public init(
    handler: any ExchangeHandler, hop: String, events: any EventSink, configuration: HTTP3Configuration = HTTP3Configuration()
  ) {
    session = HTTP3Session(role: .server, configuration: configuration)
    self.handler = handler
    self.hop = hop
    self.events = events
  }

  /// What the connection feeds and drains.
  public var application: any StreamApplication { session }

  /// Exchanges that are open.
  public var openExchangeCount: Int { session.openStreamCount }

  /// Of those, the ones that are not open tunnels, in which nobody waits as long as nothing is under way.
  public var busyExchangeCount: Int { openExchangeCount - session.openTunnelCount }

  /// Whether the client sends no new requests (GOAWAY received).
  public var isPeerGoingAway: Bool { session.isGoingAway }

  /// Whether requests are served.
  public var isAuthorized: Bool { origin != nil }

  /// The peer has proved who it is (and is allowed in): its requests are served from now on, those that waited included.
  public func authorize(_ origin: RequestOrigin) {
    self.origin = origin
    isServingEarly = false
    processEvents()
  }

  /// The client's first flight is no copy: the requests in it are served before the handshake is complete, marked for the origin
  /// (RFC 8470 §5.1). `authorize(_:)` follows. A flight of which nobody says so waits for that.
  public func authorizeEarly(_ origin: RequestOrigin) {
    guard self.origin == nil else { return }
    self.origin = origin
    isServingEarly = true
    processEvents()
  }

  /// Acts on what the connection has recorded.
  public func processEvents() {
    guard let origin else { return }
    while let event = session.nextEvent() {
      switch event {
      case .request(let stream, let head, let isEarly):
        open(stream, head, isEarly: isEarly, from: origin)
      case .refused(let defect):
        report(defect)
      case .malformed(let stream, let defect):
        report(defect)
        exchange(of: stream)?.handle(event)
      case .body(let stream, _), .end(let stream, _), .peerReset(let stream, _), .peerStoppedReading(let stream, _),
        .sent(let stream, _), .closed(let stream, _):
        exchange(of: stream)?.handle(event)
      case .interim, .response, .goAway, .streamsAvailable:
        // Only a client's session tells these; a client that goes away finishes what it began.
        break
      }
    }
  }

  /// Begins to end gracefully: the peer is told to open nothing new. About two round trips later `completeDrain()` follows;
  /// the connection can be closed when `openExchangeCount` is 0.
  public func drain() {
    session.beginShutdown()
  }

  /// Refuses requests that come from now on.
  public func completeDrain() {
    session.completeShutdown()
  }

  /// The connection is gone, for whatever reason: every open exchange is cancelled. Nothing is called afterwards.
  public func connectionClosed() {
    let streams = session.openStreams
    session.connectionClosed()
    for stream in streams { exchange(of: stream)?.connectionLost() }
  }

  private func open(_ stream: HTTP3Stream, _ head: RequestHead, isEarly: Bool, from origin: RequestOrigin) {
    let exchange = HTTP3ServerExchange(stream: stream, session: session, head: head, hop: hop)
    stream.context = exchange
    if isEarly, isServingEarly, head.isConnect { return exchange.fail(Self.earlyTunnel) }
    var head = head
    if isEarly, isServingEarly {
      if !head.fields.replace(.earlyData, with: [UInt8(ascii: "1")]) { head.fields.append(.earlyData, "1") }
      events.record(.earlyRequest(.served))
    }
    exchange.begin(handler.open(ExchangeRequest(head: head, origin: origin), respondingTo: exchange))
  }

  /// No method is less safe than one that lets bytes through of which nothing is known (RFC 8470 §5.2).
  private static let earlyTunnel = GatewayError(
    .httpRequestDenied, side: .client, retry: .safe, status: 425,
    message: "no tunnel is opened for early data, which may be a copy; send CONNECT again when the handshake is complete")

  private func exchange(of stream: HTTP3Stream) -> HTTP3ServerExchange? {
    stream.context as? HTTP3ServerExchange
  }

  private func report(_ defect: MessageDefect) {
    events.record(
      .messageRefused(
        wire: WireProtocol.http3.rawValue, MessageRefusal(defect), from: origin?.peerAddress ?? "",
        reason: "a request was refused: \(defect.explanation)"))
  }
}
