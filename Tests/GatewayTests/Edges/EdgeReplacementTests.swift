import HTTPMessage
import Testing

@testable import Gateway

/// What becomes of an edge's older connections, and who is not believed before its handshake is complete.
@Suite struct EdgeReplacementTests {
  @Test func newerConnectionOfTheSameProcessTakesThePlace() {
    let scene = EdgeScene()
    let old = scene.connect(1)
    scene.open(.get("/a"))
    let new = scene.connect(2)
    scene.open(.get("/b"))
    #expect(scene.replaced == [1])
    #expect(old.paths == ["/a"] && new.paths == ["/b"])
    // What the older one has goes on there.
    #expect(old.last?.sink.parts.contains(.cancelled(.cancelled)) == false)
    old.last?.answerAll()
    #expect(scene.clients[0].heads.map(\.status) == [200])
  }

  @Test func loopsThatAreToldInAnotherOrderDecideAlike() {
    let scene = EdgeScene()
    scene.connect(2, order: 20)
    let late = scene.connect(1, order: 10)
    #expect(scene.replaced == [1])
    scene.open()
    #expect(late.exchanges.isEmpty)
  }

  @Test func unprovenConnectionReplacesNobodyAndGetsNothingWhileAProvenOneIsThere() {
    let scene = EdgeScene()
    let proven = scene.connect(1)
    let copy = scene.connect(2, isConfirmed: false)
    scene.open(.get())
    scene.open(.grpc(host: "x"))
    #expect(scene.replaced.isEmpty && scene.doubted.isEmpty)
    #expect(copy.exchanges.isEmpty && proven.exchanges.count == 2)
    scene.registry.confirmed(EdgeConnectionID(2))
    #expect(scene.replaced == [1])
    scene.open()
    #expect(copy.exchanges.count == 1)
  }

  @Test func unprovenConnectionAloneGetsSafeRequestsOnly() {
    let scene = EdgeScene()
    let edge = scene.connect(1, isConfirmed: false)
    scene.open(.get("/safe"))
    let call = scene.open(.grpc("/unsafe", host: "x"))
    call.receiveRequestEnd(trailers: nil)
    #expect(edge.paths == ["/safe"])
    #expect(scene.openWaits == 1)
    scene.registry.confirmed(EdgeConnectionID(1))
    #expect(edge.paths == ["/safe", "/unsafe"])
    #expect(edge.last?.sink.parts == [.end(nil)])
    #expect(scene.openWaits == 0)
  }

  @Test func safeRequestsLeaveAnUnprovenConnectionForAProvenOne() {
    let scene = EdgeScene()
    let copy = scene.connect(1, isConfirmed: false)
    scene.open(.get("/safe"))
    let proven = scene.connect(2)
    #expect(copy.last?.sink.parts == [.cancelled(.cancelled)])
    #expect(proven.paths == ["/safe"])
    #expect(scene.events.repeated == 1)
  }

  @Test func anotherProcessOfTheEdgePutsTheOlderInDoubt() {
    let scene = EdgeScene()
    let old = scene.connect(1, instance: 1)
    let new = scene.connect(2, instance: 2)
    #expect(scene.doubted == [1])
    for _ in 0..<2 { scene.open() }
    #expect(old.exchanges.isEmpty && new.exchanges.count == 2)
    scene.registry.suspected(EdgeConnectionID(1), false)
    for _ in 0..<2 { scene.open() }
    #expect(old.exchanges.count >= 1)
    #expect(scene.events.phases == ["connected 1", "connected 2", "doubted 1", "heard 1"])
  }

  @Test func onlyTheLoopThatHoldsTheConnectionDoubtsIt() {
    let scene = EdgeScene()
    let old = scene.connect(1, instance: 1, isHere: false)
    scene.connect(2, instance: 2)
    #expect(scene.doubted.isEmpty)
    for _ in 0..<2 { scene.open() }
    #expect(old.exchanges.count == 1)
    scene.registry.suspected(EdgeConnectionID(1), true)
    for _ in 0..<2 { scene.open() }
    #expect(old.exchanges.count == 1)
  }

  @Test func wallClockThatIsSetBackMakesNobodyOlder() {
    let scene = EdgeScene()
    scene.connect(1, since: 2_000)
    let new = scene.connect(2, since: 1_000)
    #expect(scene.replaced == [1])
    scene.open()
    #expect(new.exchanges.count == 1)
  }

  @Test func onlyTheLoopThatHoldsTheConnectionTells() {
    let scene = EdgeScene()
    scene.connect(1, isHere: false)
    scene.registry.left(EdgeConnectionID(1), .closed, reason: "")
    #expect(scene.events.phases.isEmpty)
    scene.connect(2)
    scene.registry.suspected(EdgeConnectionID(2), true)
    scene.registry.suspected(EdgeConnectionID(2), false)
    scene.registry.draining(EdgeConnectionID(2))
    scene.registry.left(EdgeConnectionID(2), .closed, reason: "bye")
    #expect(scene.events.phases == ["connected 2", "suspect 2", "heard 2", "draining 2", "left 2"])
  }

  @Test func listSaysWhatIsKnown() {
    let scene = EdgeScene()
    scene.connect(7, services: ["camera", "metrics"], since: 1_700_000_000_000)
    scene.connect(8, "elsewhere", isHere: false)
    let edges = scene.registry.edges
    #expect(edges.map(\.identity) == ["shop-17"])
    #expect(edges.first?.services == ["camera", "metrics"])
    #expect(edges.first?.since == 1_700_000_000_000)
    #expect(edges.first?.smoothedRoundTrip == .milliseconds(40))
    #expect(edges.first?.packetsLost == 3)
    scene.registry.list()
    #expect(scene.events.phases.last == "listed 7")
  }
}
