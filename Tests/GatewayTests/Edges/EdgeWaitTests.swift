import Exchange
import HTTPMessage
import NIOCore
import Testing

@testable import Gateway

/// Edges that are not there: gone, expected back, silent.
@Suite struct EdgeWaitTests {
  private static let everywhere = EdgeRoute.fixed(EdgeTarget(service: "camera", edges: .group([:])))

  @Test func edgeThatIsGoneIs502AtOnce() {
    let scene = EdgeScene()
    scene.open()
    #expect(scene.status == 502)
    #expect(scene.proxyStatus?.hasPrefix("\(EdgeScene.core); error=destination_unavailable") == true)
    #expect(scene.openWaits == 0)
    scene.connect(1)
    scene.registry.left(EdgeConnectionID(1), .closed, reason: "shutting down")
    scene.open()
    #expect(scene.status == 502)
  }

  @Test func grpcClientLearnsItAsUnavailable() {
    let scene = EdgeScene()
    scene.open(.grpc(host: "x"))
    #expect(scene.status == 200)
    #expect(scene.clients.last?.heads.last?.fields.text(.grpcStatus) == "14")
  }

  @Test func edgeThatWasLostIsWaitedFor() {
    let scene = EdgeScene()
    scene.connect(1)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    let call = scene.open(.grpc(host: "x"))
    call.receiveRequestBody(ByteBuffer(string: "abc"))
    #expect(scene.status == nil && scene.openWaits == 1)
    let edge = scene.connect(2, instance: 2)
    #expect(edge.last?.sink.parts == [.body("abc")])
    #expect(scene.openWaits == 0)
  }

  @Test func waitEndsAtItsLimit() {
    let scene = EdgeScene()
    scene.connect(1)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    scene.open()
    scene.passWaits()
    #expect(scene.status == 503)
    let edge = scene.connect(2)
    #expect(edge.exchanges.isEmpty)
  }

  @Test func nobodyWaitsForAnEdgeThatWasLostLongAgo() {
    let scene = EdgeScene()
    scene.connect(1)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    scene.now = scene.now + .seconds(61)
    scene.open()
    #expect(scene.status == 502)
  }

  @Test func clientThatLeavesWaitsNoMore() {
    let scene = EdgeScene()
    scene.connect(1)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    scene.open().cancel(.cancelled)
    #expect(scene.openWaits == 0)
    #expect(scene.connect(2).exchanges.isEmpty)
  }

  @Test func withoutAWaitTheAnswerComesAtOnce() {
    let scene = EdgeScene(limit: .zero)
    scene.connect(1)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    scene.open()
    #expect(scene.status == 503)
  }

  @Test func rightAfterTheStartEveryEdgeMayBeOnItsWay() {
    let scene = EdgeScene(isOld: false)
    scene.open()
    #expect(scene.status == nil && scene.openWaits == 1)
    #expect(scene.connect(1).exchanges.count == 1)
  }

  @Test func silentEdgeGetsNothingUntilItAnswers() {
    let scene = EdgeScene()
    let edge = scene.connect(1)
    scene.registry.suspected(EdgeConnectionID(1), true)
    scene.open()
    #expect(edge.exchanges.isEmpty && scene.openWaits == 1)
    scene.registry.suspected(EdgeConnectionID(1), false)
    #expect(edge.exchanges.count == 1)
  }

  @Test func groupWaitsForAMemberThatWasLost() {
    let scene = EdgeScene(Self.everywhere)
    scene.connect(1, "shop-1")
    scene.connect(2, "shop-2", services: ["other"])
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    scene.open()
    #expect(scene.openWaits == 1)
    #expect(scene.connect(3, "shop-1").exchanges.count == 1)
  }

  @Test func drainingEdgeTakesNothingNew() {
    let scene = EdgeScene(Self.everywhere)
    let leaving = scene.connect(1, "shop-1")
    scene.open(.get("/a"))
    scene.registry.draining(EdgeConnectionID(1))
    scene.open(.get("/b"))
    #expect(leaving.paths == ["/a"])
    #expect(scene.status == 502)
    leaving.last?.answerAll()
    #expect(scene.clients[0].heads.map(\.status) == [200])
  }
}
