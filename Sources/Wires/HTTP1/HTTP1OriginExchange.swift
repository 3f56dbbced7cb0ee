import Exchange
import HTTP1
import HTTPMessage
import NIOCore

/// One request on a connection to an HTTP/1.1 origin as an exchange: takes the request, hands the answer on.
final class HTTP1OriginExchange: RequestSink {
  /// Nil once the exchange is over or cancelled; late calls then do nothing.
  private var wire: HTTP1OriginWire?
  private var response: (any ResponseSink)?
  private var content: ContentWriter
  private let tunnel: Tunnel
  /// What the client has sent ahead of the origin's answer to a request for another protocol: an origin that refuses would
  /// take it for its next request.
  private var heldBack: [ByteBuffer]?
  private(set) var hasHead = false
  private(set) var isRequestEnded = false
  private(set) var isResponseEnded = false
  private(set) var outstandingBytes = 0
  /// The answer has made a byte tunnel of the connection.
  private(set) var isOpenTunnel = false

  /// Whether the request asks for a tunnel, and by which of HTTP/1.1's ways.
  enum Tunnel: Equatable {
    case none
    case connect
    /// - Parameter webSocketKey: what the answer of a WebSocket origin is checked against.
    case upgrade(webSocketKey: [UInt8]?)
  }

  /// Whether the head of a 101 answers this exchange's key (RFC 6455 §4.1); true where there is none.
  func isProven(by head: ResponseHead) -> Bool {
    guard case .upgrade(let key?) = tunnel, head.status == 200 else { return true }
    let accepted = head.fields.all(.secWebSocketAccept)
    return accepted.count == 1 && accepted[0].elementsEqual(WebSocketHandshake.accept(key))
  }

  /// Whether the request asks for a tunnel that the answer does not give: nothing more of it may be written.
  var isTunnelRefused: Bool { tunnel != .none && hasHead && !isOpenTunnel }

  init(wire: HTTP1OriginWire, response: any ResponseSink, framing: HTTP1Framing, tunnel: Tunnel) {
    self.tunnel = tunnel
    if case .upgrade = tunnel { heldBack = [] }
    self.wire = wire
    self.response = response
    content = ContentWriter(framing)
  }

  // MARK: From the origin

  func receiveInterim(_ head: ResponseHead) {
    response?.receiveInterim(head)
  }

  func receiveHead(_ head: ResponseHead) {
    hasHead = true
    isOpenTunnel = tunnel != .none && (200...299).contains(head.status)
    guard isOpenTunnel else {
      response?.receiveHead(head)
      return
    }
    passHeldBack()
    var head = head
    head.fields.remove(.secWebSocketAccept)
    response?.receiveHead(head)
  }

  func receiveBody(_ chunk: ByteBuffer) {
    outstandingBytes += chunk.readableBytes
    response?.receiveResponseBody(chunk)
  }

  func receiveEnd(trailers: FieldSection?) {
    isResponseEnded = true
    response?.receiveResponseEnd(trailers: trailers)
  }

  func requestTaken(_ byteCount: Int) {
    response?.requestConsumed(byteCount)
  }

  /// Nothing more will be read for this exchange or written for it. `error` says why what is missing will not come.
  func close(_ error: GatewayError?) {
    let response = response
    self.response = nil
    wire = nil
    if !isResponseEnded {
      if let error { response?.fail(error) }
    } else if !isRequestEnded {
      response?.stopRequest(.noError)
    }
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) {
    guard let wire, !isRequestEnded, !isTunnelRefused else { return }
    guard heldBack == nil else {
      heldBack?.append(chunk)
      return
    }
    if !content.write(chunk, to: &wire.output) { wire.requestDoesNotFit() }
    wire.setNeedsUpdate()
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    guard let wire, !isRequestEnded else { return }
    isRequestEnded = true
    if !content.end(trailers: trailers, to: &wire.output) { wire.requestDoesNotFit() }
    wire.setNeedsUpdate()
  }

  func cancel(_ reason: ResetReason) {
    let wire = wire
    self.wire = nil
    response = nil
    wire?.cancelExchange()
  }

  private func passHeldBack() {
    guard let chunks = heldBack, let wire else { return }
    heldBack = nil
    for chunk in chunks { _ = content.write(chunk, to: &wire.output) }
  }

  func responseConsumed(_ byteCount: Int) {
    outstandingBytes = max(0, outstandingBytes - byteCount)
    wire?.setNeedsUpdate()
  }
}
