import HTTPMessage
import Testing

@testable import Gateway

/// Tunnels from a core's TCP listeners to services of edges.
@Suite struct EdgeTunnelsTests {
  @Test func aTCPListenersConnectionGoesToItsEdge() {
    let scene = EdgeScene(.fixed(EdgeTarget(service: "ssh", edges: .edge("shop-17"))))
    let edge = scene.connect(1, services: ["ssh"])
    scene.open(.connect("0.0.0.0:2222"), wire: .tcp)
    #expect(edge.last?.request.head.fields.text(.authority) == "ssh:2222")
    #expect(edge.last?.request.head.fields.contains(.path) == false)
  }

  @Test func requestsMayNotConnect() {
    let scene = EdgeScene(.fixed(EdgeTarget(service: "ssh", edges: .edge("shop-17"))))
    let edge = scene.connect(1, services: ["ssh"])
    scene.open(.connect("ssh:22"))
    #expect(scene.status == 403)
    #expect(edge.exchanges.isEmpty)
  }

  @Test func anEdgeThatHasProvedNothingIsSentNoTunnel() {
    let scene = EdgeScene(.fixed(EdgeTarget(service: "ssh", edges: .edge("shop-17"))))
    let edge = scene.connect(1, services: ["ssh"], isConfirmed: false)
    scene.open(.connect("0.0.0.0:2222"), wire: .tcp)
    #expect(edge.exchanges.isEmpty)
    scene.registry.confirmed(EdgeConnectionID(1))
    #expect(edge.exchanges.count == 1)
  }

  @Test func upgradesAreRoutedAsRequests() {
    let scene = EdgeScene(.fixed(EdgeTarget(service: "web", edges: .edge("shop-17"))))
    let edge = scene.connect(1, services: ["web"])
    scene.open(.webSocket())
    #expect(edge.last?.request.head.fields.text(.authority) == "web")
    #expect(edge.last?.request.head.fields.text(.protocol) == "websocket")
  }
}
