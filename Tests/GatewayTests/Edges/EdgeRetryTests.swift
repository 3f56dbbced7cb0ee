import Exchange
import HTTPMessage
import NIOCore
import Testing

@testable import Gateway

/// Requests whose edge fails: what moves, what is repeated and what must not be.
@Suite struct EdgeRetryTests {
  private static let everywhere = EdgeRoute.fixed(EdgeTarget(service: "camera", edges: .group([:])))

  @Test func requestThatWasNotProcessedGoesToAnotherEdgeWithItsContent() {
    let scene = EdgeScene(Self.everywhere)
    let first = scene.connect(1, "shop-1")
    let second = scene.connect(2, "shop-2")
    let call = scene.open(.grpc(host: "x"))
    call.receiveRequestBody(ByteBuffer(string: "abc"))
    call.receiveRequestEnd(trailers: nil)
    first.last?.answer.fail(.refused)
    #expect(second.last?.sink.parts == [.body("abc"), .end(nil)])
    second.last?.answerAll()
    #expect(scene.status == 200)
  }

  @Test func refusalWhileOpeningMovesOnToo() {
    let scene = EdgeScene(Self.everywhere)
    let first = scene.connect(1, "shop-1")
    first.openFailure = .refused
    let second = scene.connect(2, "shop-2")
    scene.open(.grpc(host: "x"))
    #expect(first.exchanges.count == 1 && second.exchanges.count == 1)
    #expect(scene.status == nil)
  }

  @Test func safeRequestIsRepeatedOnceWhenItsConnectionIsLost() {
    let scene = EdgeScene(Self.everywhere)
    let edges = (1...3).map { scene.connect(UInt64($0), "shop-\($0)") }
    scene.open()
    edges[0].last?.answer.fail(.lost)
    #expect(edges[1].exchanges.count == 1)
    edges[1].last?.answer.fail(.lost)
    #expect(edges[2].exchanges.isEmpty)
    #expect(scene.status == 503)
    #expect(scene.events.repeated == 1)
  }

  @Test func unsafeRequestIsNotRepeated() {
    let scene = EdgeScene(Self.everywhere)
    let first = scene.connect(1, "shop-1")
    let second = scene.connect(2, "shop-2")
    scene.open(.grpc(host: "x"))
    first.last?.answer.fail(.lost)
    #expect(second.exchanges.isEmpty)
    #expect(scene.clients.last?.heads.last?.fields.text(.grpcStatus) == "14")
  }

  @Test func nothingMovesOnceAnAnswerHasBegun() {
    let scene = EdgeScene(Self.everywhere)
    let first = scene.connect(1, "shop-1")
    let second = scene.connect(2, "shop-2")
    scene.open()
    first.last?.answer.receiveHead(ResponseHead(status: 200, fields: FieldSection(), bodyLength: .unknown))
    first.last?.answer.fail(.lost)
    #expect(second.exchanges.isEmpty)
    #expect(scene.clients.last?.parts.last == .failed(.destinationUnavailable))
  }

  @Test func safeRequestWaitsForItsOwnEdgeToComeBack() {
    let scene = EdgeScene()
    let edge = scene.connect(1)
    scene.open()
    // Loops other than the connection's may hear of the failure before they hear that the edge has left.
    edge.last?.answer.fail(.lost)
    #expect(scene.status == nil && scene.openWaits == 1)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    #expect(scene.status == nil)
    let again = scene.connect(2)
    #expect(again.exchanges.count == 1)
  }

  @Test func requestOfAnEdgeThatLeavesForGoodFailsAtOnce() {
    let scene = EdgeScene()
    let edge = scene.connect(1)
    scene.open()
    edge.last?.answer.fail(.lost)
    scene.registry.left(EdgeConnectionID(1), .closed, reason: "shutting down")
    #expect(scene.status == 502)
    #expect(scene.openWaits == 0)
  }

  @Test func safeRequestsLeaveASilentEdgeWhenAnotherAnswers() {
    let scene = EdgeScene(Self.everywhere)
    let silent = scene.connect(1, "shop-1")
    let other = scene.connect(2, "shop-2")
    scene.open(.get("/safe"))
    scene.open(.grpc("/other", host: "x"))
    scene.open(.grpc("/unsafe", host: "x"))
    #expect(silent.paths == ["/safe", "/unsafe"])
    scene.registry.suspected(EdgeConnectionID(1), true)
    #expect(other.paths == ["/other", "/safe"])
    #expect(silent.exchanges[0].sink.parts == [.cancelled(.cancelled)])
    #expect(silent.exchanges[1].sink.parts == [])
  }

  @Test func muchContentIsNotKeptForARepetition() {
    let scene = EdgeScene(Self.everywhere)
    let first = scene.connect(1, "shop-1")
    let second = scene.connect(2, "shop-2")
    let sink = scene.open(.get())
    for _ in 0..<3 { sink.receiveRequestBody(ByteBuffer(repeating: 0x61, count: 30_000)) }
    first.last?.answer.fail(.refused)
    #expect(second.exchanges.isEmpty)
    #expect(scene.status == 503)
  }

  @Test func clientHearsOfConsumedBytesOnce() {
    let scene = EdgeScene(Self.everywhere)
    let first = scene.connect(1, "shop-1")
    let second = scene.connect(2, "shop-2")
    scene.open().receiveRequestBody(ByteBuffer(string: "abcdef"))
    first.last?.answer.requestConsumed(4)
    first.last?.answer.fail(.refused)
    second.last?.answer.requestConsumed(3)
    second.last?.answer.requestConsumed(3)
    #expect(scene.clients.last?.parts == [.consumed(4), .consumed(2)])
  }

  @Test func cancelReachesTheEdge() {
    let scene = EdgeScene()
    let edge = scene.connect(1)
    scene.open().cancel(.cancelled)
    #expect(edge.last?.sink.parts == [.cancelled(.cancelled)])
  }

  @Test func attemptsHaveAnEnd() {
    let scene = EdgeScene(Self.everywhere)
    let edges = (1...20).map { scene.connect(UInt64($0), "shop-\($0)") }
    for edge in edges { edge.openFailure = .refused }
    scene.open()
    #expect(edges.reduce(0) { $0 + $1.exchanges.count } == 8)
    #expect(scene.status == 503)
  }

  /// What the gateway of an edge with instance 1 says.
  private static func refusal(_ cause: GatewayError.Cause, isGRPC: Bool = false, instance: UInt8 = 1) -> ResponseHead {
    let hop = Hop.name(role: .edge, instance: [UInt8](repeating: instance, count: 16))
    return GatewayError(cause, side: .origin, message: "no").response(isGRPC: isGRPC, isHead: false, hop: hop).head
  }

  @Test(arguments: [false, true]) func requestThatDidNotReachAnOriginGoesToAnotherEdge(isGRPC: Bool) {
    let scene = EdgeScene(Self.everywhere)
    let first = scene.connect(1, "shop-1")
    let second = scene.connect(2, "shop-2")
    scene.open(isGRPC ? .grpc(host: "x") : .get()).receiveRequestEnd(trailers: nil)
    first.last?.answer.receiveHead(Self.refusal(.connectionRefused, isGRPC: isGRPC))
    #expect(first.last?.sink.parts == [.end(nil), .cancelled(.cancelled)])
    second.last?.answerAll(201)
    #expect(scene.clients.last?.heads.map(\.status) == [201])
  }

  @Test func lastRefusalIsTheAnswer() {
    let scene = EdgeScene(Self.everywhere)
    let edges = (1...2).map { scene.connect(UInt64($0), "shop-\($0)") }
    scene.open()
    for edge in edges { edge.last?.answer.receiveHead(Self.refusal(.connectionRefused)) }
    #expect(scene.clients.last?.heads.map(\.status) == [502])
  }

  @Test func answersThatOnlyLookLikeARefusalAreAnswers() {
    for head in [
      Self.refusal(.httpResponseTimeout), Self.refusal(.connectionTerminated), Self.refusal(.connectionRefused, instance: 9),
      ResponseHead(status: 502, fields: ["proxy-status": "origin; error=connection_refused;"], bodyLength: .none),
    ] {
      let scene = EdgeScene(Self.everywhere)
      let first = scene.connect(1, "shop-1")
      let second = scene.connect(2, "shop-2")
      scene.open()
      first.last?.answer.receiveHead(head)
      #expect(second.exchanges.isEmpty)
      #expect(scene.status == head.status)
    }
  }
}
