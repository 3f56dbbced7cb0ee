import Exchange
import Gateway
import HTTPMessage
import NIOCore
import Observability
import Testing
import Wires

@testable import Network

@Suite struct `A connection is served by the loop that its listener prefers` {
  @Test(arguments: [nil, 0, 1] as [Int?]) func `whichever loop it was given to first`(preferred: Int?) async throws {
    let loops = try await LoopGroup.start(count: 2, log: nil, settings: LogSettings(isAccessLogOn: false))
    let perLoop = try await loops.onEach { loop in
      let handler = LoopHandler(index: loop.index)
      return ListenerLoop(name: "test", turn: loop.turn, otherLoop: { preferred == loop.index ? nil : preferred }) { origin, local in
        handler.listener = local
        return DetectingServerWire(ServerWireContext(handler: handler, origin: origin, hop: "test", events: loop.events))
      }
    }
    let listener = try await TCPListener.bind(to: Site.loopback(), group: loops.group, loops: perLoop)
    var served: Set<String> = []
    for _ in 0..<6 {
      let client = try await OriginClient.start(OriginURL("http://127.0.0.1:\(listener.localAddress.port ?? 0)"))
      for size in [0, 300_000] {
        let head = RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .known(UInt64(size)))
        let content = ByteBuffer(repeating: 7, count: size)
        let answer = try await Call.send(head, body: [content], through: client.handler)
        #expect(answer.body == content)
        #expect(answer.head.fields.text(FieldName("saw-client"))?.hasPrefix("127.0.0.1:") == true)
        #expect(answer.head.fields.text(FieldName("saw-listener")) == listener.localAddress.text)
        served.insert(answer.head.fields.text(FieldName("served-by")) ?? "")
      }
      try await client.stop()
    }
    let expected: Set<String> = preferred.map { ["\($0)"] } ?? ["0", "1"]
    #expect(served == expected)
    try await wait(atMost: .seconds(5)) { try await connectionCount(perLoop) == 0 }
    #expect(try await connectionCount(perLoop) == 0)
    await listener.drain()
    try await loops.shutDown()
  }

  private func connectionCount(_ loops: [NIOLoopBound<ListenerLoop>]) async throws -> Int {
    var count = 0
    for loop in loops { count += try await loop.eventLoop.submit { loop.value.connections.count }.get() }
    return count
  }
}

/// Echoes, and says in the answer which loop it is on and what it knows of the connection.
private final class LoopHandler: ExchangeHandler {
  var listener: SocketAddress?
  private let index: Int
  private let echo = EchoHandler()

  init(index: Int) {
    self.index = index
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    var request = request
    request.head.fields.append(FieldName("client"), request.origin.peerAddress)
    request.head.fields.append(FieldName("listener"), listener?.text ?? "")
    return echo.open(request, respondingTo: Marked(sink, loop: index))
  }

  private final class Marked: ResponseSink {
    private let sink: any ResponseSink
    private let loop: Int

    init(_ sink: any ResponseSink, loop: Int) {
      self.sink = sink
      self.loop = loop
    }

    func receiveHead(_ head: ResponseHead) {
      var head = head
      head.fields.append(FieldName("served-by"), "\(loop)")
      sink.receiveHead(head)
    }

    func receiveInterim(_ head: ResponseHead) { sink.receiveInterim(head) }
    func receiveResponseBody(_ chunk: ByteBuffer) { sink.receiveResponseBody(chunk) }
    func receiveResponseEnd(trailers: FieldSection?) { sink.receiveResponseEnd(trailers: trailers) }
    func fail(_ error: GatewayError) { sink.fail(error) }
    func stopRequest(_ reason: ResetReason) { sink.stopRequest(reason) }
    func requestConsumed(_ byteCount: Int) { sink.requestConsumed(byteCount) }
  }
}
