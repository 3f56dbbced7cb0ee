import Events
import Exchange
import HTTPMessage
import NIOCore

/// One exchange on its way through the gateway: passes every part on at once, counts, and tells how it ended.
///
/// It stands as the request sink towards the client and as the response sink towards the destination. Both ends record and
/// return, so a part that comes in can be passed on within the same call.
final class Passage: RequestSink, ResponseSink, EdgeClient {
  /// The service's name once routing has found one that is configured here.
  var service = Passage.unnamed
  var destinationWire = Passage.unnamed
  /// Of an answer of which nothing else is said; nil leaves it so.
  var answerUrgency: Int?

  private let gateway: Gateway
  private let request: ExchangeRequest
  /// The edge that it went to, where that is this process's choice.
  private var edge: String?
  private let isGRPC: Bool
  private let began: NIODeadline
  private var client: (any ResponseSink)?
  private var destination: (any RequestSink)?
  private var answer = Answer.awaited
  private var requestEnded = false
  private var requestStopped = false
  private var isTold = false
  private var status: Int?
  private var grpcStatus: Int?
  private var requestBytes: UInt64 = 0
  private var responseBytes: UInt64 = 0

  /// How far the answer is.
  private enum Answer {
    case awaited, begun, ended
  }

  init(_ request: ExchangeRequest, client: any ResponseSink, gateway: Gateway) {
    self.request = request
    self.client = client
    self.gateway = gateway
    isGRPC = request.head.isGRPC
    began = gateway.now()
  }

  /// Takes what the destination opened; it may have failed the exchange already while it did.
  func begin(_ destination: any RequestSink) {
    guard client != nil else { return }
    self.destination = destination
  }

  func reached(_ edge: ConnectedEdge, service: String) {
    self.edge = edge.identity
    self.service = service
  }

  // MARK: From the client

  func receiveRequestBody(_ chunk: ByteBuffer) {
    guard let destination else { return }
    requestBytes += UInt64(chunk.readableBytes)
    destination.receiveRequestBody(chunk)
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    requestEnded = true
    destination?.receiveRequestEnd(trailers: withoutForgery(trailers))
    endIfOver()
  }

  func cancel(_ reason: ResetReason) {
    let destination = self.destination
    release()
    destination?.cancel(reason)
    if answer == .ended {
      tell(.complete, reason: nil)
    } else {
      tell(.cancelled, reason: reason.clientText)
    }
  }

  func responseConsumed(_ byteCount: Int) {
    destination?.responseConsumed(byteCount)
  }

  // MARK: From the destination

  func receiveInterim(_ head: ResponseHead) {
    guard answer == .awaited else { return }
    client?.receiveInterim(withoutForgery(head))
  }

  func receiveHead(_ head: ResponseHead) {
    guard answer == .awaited, let client else { return }
    answer = .begun
    status = head.status
    // A trailers-only response has its gRPC status in the head.
    if isGRPC { readGRPCStatus(head.fields) }
    client.receiveHead(prioritized(marked(withoutForgery(head))))
  }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    guard answer == .begun, let client else { return }
    responseBytes += UInt64(chunk.readableBytes)
    client.receiveResponseBody(chunk)
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    guard answer == .begun, let client else { return }
    answer = .ended
    if isGRPC, let trailers { readGRPCStatus(trailers) }
    client.receiveResponseEnd(trailers: withoutForgery(trailers))
    endIfOver()
  }

  func fail(_ error: GatewayError) {
    guard let client else { return }
    let answered = answer
    answer = .ended
    release()
    switch answered {
    case .awaited:
      respond(with: error, to: client)
      tell(.refused, reason: error.message)
    case .begun:
      client.fail(error)
      tell(.broken, reason: error.message)
    case .ended:
      // The answer is whole; only the rest of the request has nobody to go to.
      if !requestEnded, !requestStopped { client.stopRequest(.noError) }
      tell(.complete, reason: nil)
    }
  }

  func stopRequest(_ reason: ResetReason) {
    guard !requestEnded, !requestStopped, let client else { return }
    requestStopped = true
    client.stopRequest(reason)
    endIfOver()
  }

  func requestConsumed(_ byteCount: Int) {
    client?.requestConsumed(byteCount)
  }
}

extension Passage {
  /// The error as an answer of our own; what is still to come of the request is not wanted.
  private func respond(with error: GatewayError, to client: any ResponseSink) {
    let response = error.response(isGRPC: isGRPC, isHead: request.head.isHead, hop: gateway.hop.name)
    status = response.head.status
    if isGRPC { grpcStatus = error.cause.grpcStatus }
    client.receiveHead(response.head)
    if let body = response.body {
      responseBytes += UInt64(body.readableBytes)
      client.receiveResponseBody(body)
    }
    client.receiveResponseEnd(trailers: nil)
    if !requestEnded, !requestStopped { client.stopRequest(.noError) }
  }

  /// A stopped request need not end, but if its client still ends or cancels it, the destination is told.
  private func endIfOver() {
    guard answer == .ended, requestEnded || requestStopped else { return }
    if requestEnded { release() }
    tell(.complete, reason: nil)
  }

  /// Client and destination hold this object, and it holds them; an exchange that is over lets go of both.
  private func release() {
    client = nil
    destination = nil
  }

  private func tell(_ outcome: ExchangeOutcome, reason: String?) {
    guard !isTold else { return }
    isTold = true
    gateway.events.record(
      .exchangeEnded(
        ExchangeSummary(
          service: service, direction: gateway.hop.direction, clientWire: request.origin.wire.rawValue,
          destinationWire: destinationWire, methodBytes: request.head.method,
          pathBytes: request.head.path ?? request.head.authority ?? [],
          identity: edgeIdentity, client: request.origin.peerAddress, status: status, grpcStatus: grpcStatus,
          requestBytes: requestBytes, responseBytes: responseBytes, duration: .nanoseconds((gateway.now() - began).nanoseconds),
          outcome: outcome, reason: reason)))
  }

  /// On an edge the peer is a core.
  private var edgeIdentity: String? { gateway.hop.role == .core ? edge ?? request.origin.identity : nil }

  private func readGRPCStatus(_ fields: FieldSection) {
    guard let value = fields.first(.grpcStatus), let number = FieldRules.contentLength(value) else { return }
    grpcStatus = Int(exactly: number)
  }

  /// Nobody but a core says who an edge is, and a core says it to origins only. Nobody but this hop says in its name why a
  /// request has failed: a core sends a request to another edge when an edge says that it was not passed on.
  private func withoutForgery(_ head: ResponseHead) -> ResponseHead {
    let fields = head.fields
    guard fields.contains(.quicgwEdge) || fields.contains(.proxyStatus) || fields.contains(.quicgwLength) else { return head }
    var head = head
    removeForgery(from: &head.fields)
    return head
  }

  /// Tells an edge's cache that nobody knows whether the content is whole.
  private func marked(_ head: ResponseHead) -> ResponseHead {
    guard head.endsWithConnection, gateway.hop.role == .core, request.origin.wire == .http3 else { return head }
    var head = head
    head.fields.append(.quicgwLength, "connection")
    return head
  }

  /// Says the service's urgency where neither the client nor the origin says one, for whoever sends the answer on (RFC 9218 §8).
  private func prioritized(_ head: ResponseHead) -> ResponseHead {
    guard let answerUrgency, !head.fields.contains(.priority), !request.head.fields.contains(.priority) else { return head }
    var head = head
    head.fields.append(.priority, "u=\(answerUrgency), i")
    return head
  }

  private func withoutForgery(_ trailers: FieldSection?) -> FieldSection? {
    guard var trailers, trailers.contains(.quicgwEdge) || trailers.contains(.proxyStatus) else { return trailers }
    removeForgery(from: &trailers)
    return trailers
  }

  private func removeForgery(from fields: inout FieldSection) {
    fields.remove(.quicgwEdge)
    fields.remove(.quicgwLength)
    ProxyStatusField.removeForged(inNameOf: gateway.hop.nameBytes, from: &fields)
  }

  /// Stands for a service or a wire that is not known.
  private static let unnamed = "-"
}

extension ResetReason {
  /// What a client's reset means, for the access log.
  fileprivate var clientText: String {
    switch self {
    case .noError, .cancelled, .refused: "the client cancelled the request"
    case .malformed: "the client's message was malformed"
    case .excessiveLoad: "the client asked for more than it may have"
    case .internalError: "the client's side failed"
    case .incomplete: "the client ended the request early"
    case .connectionLost: "the client's connection was lost"
    }
  }
}
