import Events
import Exchange
import HTTPMessage
import LinkEmulator
import NIOCore
import Wires

/// An origin wire and a server wire back to back: what one puts out the other takes in, cut at seeded places.
final class WirePair {
  let client: any OriginWire
  let server: any ByteStreamWire
  let handler = FakeHandler()
  let events = EventRecorder()
  var responses: [FakeResponse] = []
  /// Whether responses are consumed whenever bytes have moved.
  var consumesResponses = true
  private var generator: SeededGenerator
  private let maximumPieceBytes: Int
  private var hasClientClosed = false
  private var hasServerClosed = false

  init(_ wire: WireProtocol, seed: UInt64 = 1, maximumPieceBytes: Int = 100_000) {
    generator = SeededGenerator(seed: seed)
    self.maximumPieceBytes = maximumPieceBytes
    let now: () -> NIODeadline = { .uptimeNanoseconds(1_000_000_000) }
    let context = ServerWireContext(handler: handler, origin: .test(wire), hop: "edge", events: events, now: now)
    let originContext = OriginWireContext(name: "origin:1", hop: "core", events: events, now: now)
    switch wire {
    case .http1:
      client = HTTP1OriginWire(originContext)
      server = DetectingServerWire(context)
    default:
      client = HTTP2OriginWire(originContext)
      server = HTTP2ServerWire(context)
    }
  }

  @discardableResult
  func send(_ head: RequestHead, body: ByteBuffer? = nil, trailers: FieldSection? = nil, ends: Bool = true) -> FakeResponse {
    let response = FakeResponse()
    responses.append(response)
    let sink = client.open(ExchangeRequest(head: head, origin: .test(.http1)), respondingTo: response)
    response.request = sink
    if let body { sink.receiveRequestBody(body) }
    if ends { sink.receiveRequestEnd(trailers: trailers) }
    return response
  }

  /// Moves bytes both ways until nothing moves any more; closes as the wires want.
  func run() {
    while moveOnce() {}
  }

  /// One round in each direction; false when nothing moved.
  func moveOnce() -> Bool {
    var hasMoved = false
    while !hasServerClosed, server.wantsBytes, let bytes = client.nextOutput() {
      hasMoved = true
      feed(bytes) { server.receive($0) }
    }
    while !hasClientClosed, client.wantsBytes, let bytes = server.nextOutput() {
      hasMoved = true
      feed(bytes) { client.receive($0) }
    }
    if consumesResponses {
      for response in responses where response.outstandingBytes > 0 {
        response.consume()
        hasMoved = true
      }
    }
    if !hasMoved, server.wantsClose, !hasServerClosed {
      hasServerClosed = true
      server.connectionClosed()
      if !hasClientClosed { client.receivedEnd() }
      hasMoved = true
    }
    if !hasMoved, client.wantsClose, !hasClientClosed {
      hasClientClosed = true
      client.connectionClosed()
      if !hasServerClosed { server.receivedEnd() }
      hasMoved = true
    }
    return hasMoved
  }

  private func feed(_ bytes: ByteBuffer, _ receive: (ByteBuffer) -> Void) {
    var rest = bytes
    while rest.readableBytes > 0 {
      let count = min(rest.readableBytes, Int.random(in: 1...maximumPieceBytes, using: &generator))
      if let piece = rest.readSlice(length: count) { receive(piece) }
    }
  }
}

/// Keeps the events that a wire told.
final class EventRecorder: EventSink {
  private(set) var refusals: [MessageRefusal] = []
  private(set) var earlySteps: [EarlyRequestStep] = []

  func record(_ event: Event) {
    if case .earlyRequest(let step) = event { earlySteps.append(step) }
    if case .messageRefused(_, let refusal, _, _) = event { refusals.append(refusal) }
  }
}

extension RequestOrigin {
  static func test(_ wire: WireProtocol) -> RequestOrigin {
    RequestOrigin(wire: wire, identity: nil, peerAddress: "192.0.2.1:5000", listener: "main", isSecure: false)
  }
}
