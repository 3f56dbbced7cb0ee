import Exchange
import HTTP1
import HTTPMessage
import NIOCore

/// One request on a client's HTTP/1.1 connection as an exchange: takes the answer to it.
final class HTTP1ServerExchange: ResponseSink {
  /// Nil once the exchange is over; late calls then do nothing.
  private var wire: HTTP1ServerWire?
  private let traits: HTTP1RequestTraits
  private let isGRPC: Bool
  private var request: (any RequestSink)?
  private var content: ContentWriter?
  private var isFailed = false
  private var isEndTold = false
  private var isCutOff = false
  private(set) var isRequestEnded = false
  private(set) var isRequestStopped = false
  private(set) var isResponseEnded = false
  private var tunnel: Tunnel
  /// Whether the exchange is a byte tunnel (RFC 9110 §9.3.6), each of whose sides may end long before the other, or may become
  /// one.
  var isTunnel: Bool { tunnel == .awaited || tunnel == .open }
  /// Whether the answer has made it one.
  var isOpenTunnel: Bool { tunnel == .open }
  /// Whether the client has to go on with the request's content. gRPC calls and tunnels may be silent.
  var isContentDue: Bool { !isRequestEnded && !isRequestStopped && !isGRPC && !isTunnel }
  /// A final head has been written.
  var hasAnswer: Bool { content != nil }
  /// Content that was handed on and has not been reported consumed.
  private(set) var outstandingBytes = 0
  /// Whether the connection may carry a further request behind this one.
  private(set) var keepsAlive = false

  init(wire: HTTP1ServerWire, traits: HTTP1RequestTraits, head: RequestHead) {
    self.wire = wire
    self.traits = traits
    isGRPC = head.isGRPC
    tunnel = traits.isConnect || traits.upgrade != nil ? .awaited : .none
    // Known before the handler is asked, which may answer at once.
    isRequestEnded = head.bodyLength == .none
  }

  /// Opens the exchange; the handler may answer or fail it at once.
  func open(_ request: ExchangeRequest, with handler: any ExchangeHandler) {
    let sink = handler.open(request, respondingTo: self)
    if !isFailed { self.request = sink }
  }

  // MARK: From the client

  func receiveRequestBody(_ chunk: ByteBuffer) {
    guard let request, !isRequestStopped else { return }
    outstandingBytes += chunk.readableBytes
    request.receiveRequestBody(chunk)
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    isRequestEnded = true
    guard let request, !isRequestStopped else { return }
    isEndTold = true
    request.receiveRequestEnd(trailers: trailers)
  }

  func responseTaken(_ byteCount: Int) {
    request?.responseConsumed(byteCount)
  }

  /// Nothing more will be read for this exchange or written for it. Tells the handler unless it has seen both ends.
  func close(_ reason: ResetReason) {
    let request = request
    self.request = nil
    wire = nil
    if !(isResponseEnded && isEndTold) { request?.cancel(reason) }
  }

  // MARK: ResponseSink

  func receiveInterim(_ head: ResponseHead) {
    // HTTP/1.0 knows no interim responses (RFC 9110 §15.2).
    guard let wire, content == nil, !traits.isHTTP10 else { return }
    do throws(HTTP1Error) {
      try wire.output.write { (buffer: inout ByteBuffer) throws(HTTP1Error) in try buffer.writeHTTP1InterimHead(head) }
    } catch {
      return fail(GatewayError(refusedResponse: error, from: "the origin"))
    }
    wire.setNeedsUpdate()
  }

  func receiveHead(_ head: ResponseHead) {
    guard let wire, content == nil else { return }
    // A client that is still sending when the answer begins may be answered before its end: the connection cannot serve on.
    let head = answeringTunnel(head, on: wire)
    var keepsAlive = traits.keepsAlive && isRequestEnded && !wire.isDraining
    do throws(HTTP1Error) {
      let traits = traits
      let framing = try wire.output.write { (buffer: inout ByteBuffer) throws(HTTP1Error) in
        try buffer.writeHTTP1ResponseHead(head, to: traits, keepsAlive: &keepsAlive)
      }
      content = ContentWriter(framing)
    } catch {
      return fail(GatewayError(refusedResponse: error, from: "the origin"))
    }
    self.keepsAlive = keepsAlive
    wire.setNeedsUpdate()
  }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    guard let wire, !isResponseEnded, !isCutOff, content != nil else { return }
    if content?.write(chunk, to: &wire.output) == false { cutOff() }
    wire.setNeedsUpdate()
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    guard let wire, !isResponseEnded, !isCutOff, content != nil else { return }
    if content?.end(trailers: trailers, to: &wire.output) == false {
      cutOff()
    } else {
      isResponseEnded = true
      wire.responseEnded()
    }
    wire.setNeedsUpdate()
  }

  func fail(_ error: GatewayError) {
    guard let wire, !isResponseEnded else { return }
    request = nil
    isFailed = true
    isRequestStopped = true
    outstandingBytes = 0
    if content == nil {
      let (head, body) = error.response(isGRPC: isGRPC, isHead: traits.isHead, hop: wire.hop)
      receiveHead(head)
      if let body { receiveResponseBody(body) }
      receiveResponseEnd(trailers: nil)
    } else {
      cutOff()
    }
    wire.setNeedsUpdate()
  }

  func stopRequest(_ reason: ResetReason) {
    isRequestStopped = true
    outstandingBytes = 0
    // A tunnel's other end takes nothing more: as on one TCP connection, that is a reset.
    if isOpenTunnel { wire?.abort() }
    wire?.requestStopped()
  }

  func requestConsumed(_ byteCount: Int) {
    outstandingBytes = max(0, outstandingBytes - byteCount)
    wire?.requestConsumed()
  }

  /// The answer decides whether there is a tunnel.
  private func answeringTunnel(_ head: ResponseHead, on wire: HTTP1ServerWire) -> ResponseHead {
    guard tunnel == .awaited else { return head }
    let isAccepted = (200...299).contains(head.status)
    tunnel = isAccepted ? .open : .none
    if traits.isConnect {
      // Content behind a refused CONNECT may be anything: none of it is read.
      if !isAccepted { isRequestStopped = true }
      return head
    }
    wire.answerUpgrade(isAccepted: isAccepted)
    // What asked for the tunnel was a request without content.
    if !isAccepted { isRequestEnded = true }
    guard isAccepted, let key = traits.upgrade?.webSocketKey else { return head }
    var head = head
    head.fields.remove(.secWebSocketAccept)
    head.fields.append(.secWebSocketAccept, WebSocketHandshake.accept(key))
    return head
  }

  private enum Tunnel {
    case none, awaited, open
  }

  /// What the client has is not to be taken for the whole answer.
  private func cutOff() {
    isCutOff = true
    isRequestStopped = true
    wire?.abort()
  }
}
