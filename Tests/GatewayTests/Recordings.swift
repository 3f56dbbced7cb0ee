import Events
import Exchange
import Gateway
import HTTPMessage
import NIOCore

/// A client that writes down what it gets.
final class RecordingClient: ResponseSink {
  enum Part: Equatable {
    case interim(Int)
    case head(Int)
    case body(String)
    case end(FieldSection?)
    case failed(GatewayError.Cause)
    case stopped(ResetReason)
    case consumed(Int)
  }

  var parts: [Part] = []
  var heads: [ResponseHead] = []

  func receiveInterim(_ head: ResponseHead) {
    heads.append(head)
    parts.append(.interim(head.status))
  }
  func receiveHead(_ head: ResponseHead) {
    heads.append(head)
    parts.append(.head(head.status))
  }
  func receiveResponseBody(_ chunk: ByteBuffer) { parts.append(.body(String(buffer: chunk))) }
  func receiveResponseEnd(trailers: FieldSection?) { parts.append(.end(trailers)) }
  func fail(_ error: GatewayError) { parts.append(.failed(error.cause)) }
  func stopRequest(_ reason: ResetReason) { parts.append(.stopped(reason)) }
  func requestConsumed(_ byteCount: Int) { parts.append(.consumed(byteCount)) }
}

/// A link or pool of origins that writes down what it is asked and answers when the test says so.
final class RecordingDestination: ExchangeHandler {
  final class Sink: RequestSink {
    enum Part: Equatable {
      case body(String)
      case end(FieldSection?)
      case cancelled(ResetReason)
      case consumed(Int)
    }

    var parts: [Part] = []

    func receiveRequestBody(_ chunk: ByteBuffer) { parts.append(.body(String(buffer: chunk))) }
    func receiveRequestEnd(trailers: FieldSection?) { parts.append(.end(trailers)) }
    func cancel(_ reason: ResetReason) { parts.append(.cancelled(reason)) }
    func responseConsumed(_ byteCount: Int) { parts.append(.consumed(byteCount)) }
  }

  /// Fails every exchange while it is being opened.
  var openFailure: GatewayError?
  var requests: [ExchangeRequest] = []
  var services: [String] = []
  var targets: [String] = []
  let sink = Sink()
  private(set) var answer: (any ResponseSink)?

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    requests.append(request)
    if let openFailure {
      sink.fail(openFailure)
    } else {
      answer = sink
    }
    return self.sink
  }

  /// A handler keeps the response sink until the exchange is over, and no longer.
  func forgetAnswer() { answer = nil }

  /// The head of the last request.
  var fields: FieldSection { requests.last?.head.fields ?? FieldSection() }
}

final class RecordingEvents: EventSink {
  var summaries: [ExchangeSummary] = []

  func record(_ event: Event) {
    if case .exchangeEnded(let summary) = event { summaries.append(summary) }
  }
}

/// A gateway between recordings, with a clock that stands still unless it is moved.
final class Scene {
  let client = RecordingClient()
  let destination = RecordingDestination()
  let events = RecordingEvents()
  var now = NIODeadline.uptimeNanoseconds(1_000_000)
  private(set) var gateway: Gateway!

  static let edge = "quicgw-edge-0102aabb"
  static let core = "quicgw-core-00ff00ff"

  /// - Parameter role: an edge passes on to a link, a core to origins.
  init(_ role: Role, policy: Policy = .defaults) {
    let destinations: Destinations =
      role == .edge
      ? .link(destination)
      : .origins { [destination] service in
        destination.services.append(service.name)
        return destination
      }
    gateway = Gateway(
      hop: Hop(role: role, name: role == .edge ? Self.edge : Self.core), policy: policy, destinations: destinations,
      targets: { [destination] target in
        destination.targets.append("\(target)")
        return destination
      },
      events: events,
      now: { [unowned self] in now })
  }

  @discardableResult
  func open(
    _ head: RequestHead, identity: String? = nil, wire: WireProtocol = .http2, peer: String = "127.0.0.1:50000",
    listener: String = "main",
    isSecure: Bool = false
  ) -> any RequestSink {
    let origin = RequestOrigin(wire: wire, identity: identity, peerAddress: peer, listener: listener, isSecure: isSecure)
    return gateway.open(ExchangeRequest(head: head, origin: origin), respondingTo: client)
  }

  var summary: ExchangeSummary? { events.summaries.count == 1 ? events.summaries[0] : nil }

  /// The status that the client got.
  var status: Int? { client.heads.last?.status }
}

extension RequestHead {
  static func get(_ path: String = "/", host: String = "shop.example", fields: FieldSection = FieldSection()) -> RequestHead {
    RequestHead(method: "GET", authority: host, path: path, fields: fields)
  }

  static func connect(_ authority: String, fields: FieldSection = FieldSection()) -> RequestHead {
    var section: FieldSection = [":method": "CONNECT", ":authority": authority]
    for field in fields { section.append(name: field.name, value: field.value, neverIndexed: field.neverIndexed) }
    return RequestHead(fields: section, bodyLength: .unknown)
  }

  static func webSocket(host: String = "shop.example") -> RequestHead {
    var head = RequestHead(method: "CONNECT", authority: host, path: "/chat", bodyLength: .unknown)
    head.fields.prepend(.protocol, Array("websocket".utf8))
    return head
  }

  static func grpc(_ path: String = "/echo.Echo/Say", host: String = "echo") -> RequestHead {
    RequestHead(
      method: "POST", authority: host, path: path, fields: ["content-type": "application/grpc+proto", "te": "trailers"],
      bodyLength: .unknown)
  }
}

extension Policy {
  /// A core's policy with one service for each name.
  static func services(_ names: String..., access: AccessRules = .defaults) -> Policy {
    Policy(routing: RoutingTable(services: names.map { .at($0) }), access: access)
  }
}

extension Service {
  /// A service with one origin on this machine.
  static func at(
    _ name: String, origin: OriginURL = OriginURL(scheme: .http, host: "127.0.0.1", port: 3000), host: HostRule = .preserve
  ) -> Service {
    Service(name: name, origins: [origin], host: host)
  }
}
