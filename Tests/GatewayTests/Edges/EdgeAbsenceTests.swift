import HTTPMessage
import Testing

@testable import Gateway

/// Edges that were lost: who is waited for, for which services, and until when.
@Suite struct EdgeAbsenceTests {
  @Test func connectionThatWasLostIsNotKept() {
    let scene = EdgeScene()
    weak var handler: RecordingEdge?
    do {
      let edge = scene.connect(1)
      handler = edge
    }
    #expect(handler != nil)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    #expect(handler == nil)
  }

  @Test func unprovenArrivalThatFailsLeavesTheEdgeExpected() {
    let scene = EdgeScene()
    scene.connect(1)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    scene.connect(2, isConfirmed: false)
    scene.registry.left(EdgeConnectionID(2), .lost, reason: "its handshake failed")
    scene.open()
    #expect(scene.status == nil && scene.openWaits == 1)
    #expect(scene.connect(3).exchanges.count == 1)
  }

  @Test func processThatAloneExposedTheServiceIsWaitedFor() {
    let scene = EdgeScene()
    scene.connect(1, services: ["camera"], instance: 1)
    let other = scene.connect(2, services: ["metrics"], instance: 2)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    scene.open()
    #expect(scene.status == nil && scene.openWaits == 1)
    #expect(scene.connect(3, services: ["camera"], instance: 1).exchanges.count == 1)
    #expect(other.exchanges.isEmpty)
  }

  @Test func nobodyWaitsForAServiceThatTheLostEdgeDidNotExpose() {
    let scene = EdgeScene()
    scene.connect(1, services: ["metrics"])
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    scene.open()
    #expect(scene.status == 502)
  }

  @Test func processThatIsConnectedOtherwiseIsNotMissed() {
    let scene = EdgeScene()
    scene.connect(1)
    scene.connect(2)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    scene.registry.left(EdgeConnectionID(2), .closed, reason: "shutting down")
    scene.open()
    #expect(scene.status == 502)
  }

  @Test func processThatWasStartedAgainIsNotMissedUnderItsFormerInstance() {
    let scene = EdgeScene()
    scene.connect(1, instance: 1)
    scene.registry.left(EdgeConnectionID(1), .lost, reason: "silent")
    scene.connect(2, instance: 2)
    scene.registry.left(EdgeConnectionID(2), .closed, reason: "shutting down")
    scene.open()
    #expect(scene.status == 502)
  }

  @Test func refusalOfAHealthyEdgeIsTheAnswerAtOnce() {
    let scene = EdgeScene()
    let edge = scene.connect(1)
    scene.open()
    edge.last?.answer.fail(.refused)
    #expect(scene.status == 503)
    #expect(scene.openWaits == 0)
  }

  @Test func refusalIsNotWaitedForWhenTheOtherEdgeIsGone() {
    let scene = EdgeScene(.fixed(EdgeTarget(service: "camera", edges: .group([:]))))
    let healthy = scene.connect(1, "shop-1")
    let leaving = scene.connect(2, "shop-2")
    scene.open()
    healthy.last?.answer.fail(.refused)
    leaving.last?.answer.fail(.lost)
    scene.registry.left(EdgeConnectionID(2), .closed, reason: "shutting down")
    #expect(scene.status == 503)
    #expect(scene.openWaits == 0)
  }
}
