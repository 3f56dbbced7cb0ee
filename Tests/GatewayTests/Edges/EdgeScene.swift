import Events
import Exchange
import HTTPMessage
import NIOCore

@testable import Gateway

/// A core's gateway for edges, edges that are recordings, a clock that is moved and waits that the test ends.
final class EdgeScene {
  let events = EdgeEvents()
  var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private(set) var registry: EdgeRegistry!
  private(set) var gateway: Gateway!
  private(set) var clients: [RecordingClient] = []
  private(set) var replaced: [UInt64] = []
  private(set) var doubted: [UInt64] = []
  private var waits: [Int: () -> Void] = [:]
  private var waitCount = 0

  static let core = "quicgw-core-00ff00ff"

  init(
    _ route: EdgeRoute = .fixed(EdgeTarget(service: "camera", edges: .edge("shop-17"))), rules: EdgeRules = EdgeRules(),
    limit: Duration = .seconds(5), isOld: Bool = true
  ) {
    registry = EdgeRegistry(
      rules: rules, events: events,
      timing: EdgeRegistry.Timing(now: { [unowned self] in now }, limit: limit) { [unowned self] action in
        waitCount += 1
        let number = waitCount
        waits[number] = action
        return { [unowned self] in waits[number] = nil }
      })
    registry.onReplaced = { [unowned self] in replaced.append($0.number) }
    registry.onDoubted = { [unowned self] in doubted.append($0.number) }
    gateway = Gateway(
      hop: Hop(role: .core, direction: .coreToEdge, name: Self.core),
      policy: Policy(routing: .empty, edgeRoutes: EdgeRoutes(["main": route])), destinations: .edges(registry), events: events,
      now: { [unowned self] in now })
    // Beyond the first seconds, in which every edge may be on its way back.
    if isOld { now = now + .seconds(10) }
  }

  var openWaits: Int { waits.count }

  /// All waits have lasted for their limit.
  func passWaits() {
    let due = waits
    waits = [:]
    for action in due.values { action() }
  }

  /// An edge connects.
  @discardableResult
  func connect(
    _ number: UInt64, _ identity: String = "shop-17", services: [String] = ["camera"], labels: [String: String] = [:],
    instance: UInt8 = 1, since: Int64 = 0, order: Int? = nil, isConfirmed: Bool = true, isHere: Bool = true, loop: Int = 1
  ) -> RecordingEdge {
    let edge = RecordingEdge()
    registry.arrived(
      ConnectedEdge(
        id: EdgeConnectionID(number), identity: identity,
        announcement: EdgeAnnouncement(
          instance: [UInt8](repeating: instance, count: 16), version: "1.0", services: services, labels: labels),
        peerAddress: "192.0.2.1:\(number)", since: since,
        arrival: .uptimeNanoseconds(UInt64(order ?? Int(number))), isConfirmed: isConfirmed, handler: edge,
        home: isHere
          ? .thisLoop { EdgeLinkFigures(smoothedRoundTrip: .milliseconds(40), packetsSent: 200, packetsLost: 3) } : .otherLoop(index: loop)))
    return edge
  }

  @discardableResult
  func open(_ head: RequestHead = .get(), wire: WireProtocol = .http2, listener: String = "main") -> any RequestSink {
    let client = RecordingClient()
    clients.append(client)
    let origin = RequestOrigin(wire: wire, identity: nil, peerAddress: "10.0.0.1:40000", listener: listener, isSecure: false)
    return gateway.open(ExchangeRequest(head: head, origin: origin), respondingTo: client)
  }

  /// The status that the last client got.
  var status: Int? { clients.last?.heads.last?.status }
  /// What the last client was told in an answer of the gateway's own.
  var proxyStatus: String? { clients.last?.heads.last?.fields.text(.proxyStatus) }
}

/// A connection to an edge that writes down what is opened there, and answers when the test says so.
final class RecordingEdge: ExchangeHandler {
  final class Exchange {
    let request: ExchangeRequest
    let sink = RecordingDestination.Sink()
    let answer: any ResponseSink

    init(_ request: ExchangeRequest, _ answer: any ResponseSink) {
      self.request = request
      self.answer = answer
    }

    func answerAll(_ status: Int = 200) {
      answer.receiveHead(ResponseHead(status: status, fields: FieldSection(), bodyLength: .none))
      answer.receiveResponseEnd(trailers: nil)
    }
  }

  private(set) var exchanges: [Exchange] = []
  /// Fails every exchange while it is being opened.
  var openFailure: GatewayError?

  var last: Exchange? { exchanges.last }
  var paths: [String] { exchanges.map { $0.request.head.fields.text(.path) ?? "" } }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = Exchange(request, sink)
    exchanges.append(exchange)
    if let openFailure { sink.fail(openFailure) }
    return exchange.sink
  }
}

final class EdgeEvents: EventSink {
  var summaries: [ExchangeSummary] = []
  var phases: [String] = []
  var facts: [EdgeFacts] = []
  var repeated = 0

  func record(_ event: Event) {
    switch event {
    case .exchangeEnded(let summary): summaries.append(summary)
    case .edge(let phase, let facts, _):
      phases.append("\(phase.rawValue) \(facts.connection.number)")
      self.facts.append(facts)
    case .requestsRepeated(let count): repeated += count
    default: break
    }
  }
}

extension GatewayError {
  static let lost = GatewayError(.destinationUnavailable, side: .edge, message: "the connection was lost")
  static let refused = GatewayError(.destinationUnavailable, side: .edge, retry: .safe, message: "GOAWAY")
}
