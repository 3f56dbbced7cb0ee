import Exchange
import Foundation
import Gateway
import HTTPMessage
import NIOCore
@testable import Network
import TestCertificates
import Testing

/// What becomes of reversed connections when one of their ends changes, leaves or comes back.
@Suite(.alone) struct `A reversed connection lives on` {
  @Test func `an edge that exposes something else says so`() async throws {
    let site = try await ReversedSite.start()
    let edge = try await site.startEdge()
    try await site.wait(forEdges: 1)
    try await edge.reload(tls: site.tls(of: "edge-1"), policy: .defaults, exposure: site.exposure(of: ["other", "echo"], labels: ["site": "a"]))
    try await site.wait { $0.first?.services == ["echo", "other"] }
    #expect(try await site.call().head.status == 200)
    try await edge.reload(tls: site.tls(of: "edge-1"), policy: .defaults, exposure: site.exposure(of: ["other"]))
    try await site.wait { $0.first?.services == ["other"] }
    #expect(try await site.call().head.status == 404)
    try await site.stop()
  }

  @Test func `an edge that exposes nothing at first dials when it does`() async throws {
    let site = try await ReversedSite.start()
    let edge = try await site.startEdge(exposing: [])
    try await Task.sleep(for: .milliseconds(200))
    #expect(try await site.core.connectedEdges().isEmpty)
    try await edge.reload(tls: site.tls(of: "edge-1"), policy: .defaults, exposure: site.exposure())
    try await site.wait(forEdges: 1)
    #expect(try await site.call().head.status == 200)
    try await site.stop()
  }

  @Test func `an edge that leaves finishes what it was asked`() async throws {
    let site = try await ReversedSite.start()
    let edge = try await site.startEdge()
    try await site.wait(forEdges: 1)
    let gateway = site.gateways[1]
    let chunks = (0..<10).map { ByteBuffer(repeating: UInt8($0), count: 1000) }
    async let answer = Call.send(
      RequestHead(method: "POST", authority: "api", path: "/slow", bodyLength: .unknown), body: chunks, pace: .milliseconds(30),
      through: gateway)
    try await Task.sleep(for: .milliseconds(100))
    try await site.stop(edge)
    #expect(try await answer.body.readableBytes == 10_000)
    try await site.wait(forEdges: 0)
    try await site.stop()
  }

  @Test func `a core that leaves finishes what it asked, and finds its edge again`() async throws {
    let site = try await ReversedSite.start()
    try await site.startEdge()
    try await site.wait(forEdges: 1)
    let gateway = site.gateways[0]
    let chunks = (0..<10).map { ByteBuffer(repeating: UInt8($0), count: 1000) }
    async let answer = Call.send(
      RequestHead(method: "POST", authority: "api", path: "/slow", bodyLength: .unknown), body: chunks, pace: .milliseconds(30),
      through: gateway)
    try await Task.sleep(for: .milliseconds(100))
    try await site.restartCore()
    #expect(try await answer.body.readableBytes == 10_000)
    try await site.wait(forEdges: 1)
    #expect(try await site.call().head.status == 200)
    try await site.stop()
  }

  @Test func `processes of one edge stand side by side, and one that is started again takes nobody's place`() async throws {
    let site = try await ReversedSite.start()
    let first = try await site.startEdge()
    try await site.startEdge()
    try await site.wait(forEdges: 2)
    try await site.stop(first)
    try await site.wait(forEdges: 1)
    try await site.startEdge()
    try await site.wait(forEdges: 2)
    #expect(Set(try await site.core.connectedEdges().map(\.instance)).count == 2)
    #expect(try await site.call().head.status == 200)
    try await site.stop()
  }

  @Test func `an edge that meets a core by two names keeps one connection to it`() async throws {
    let site = try await ReversedSite.start()
    let port = site.core.localAddress.port
    try await site.startEdge(ports: [port, port])
    try await site.wait(forEdges: 1)
    try await Task.sleep(for: .milliseconds(300))
    let before = try await site.core.connectedEdges()
    try await Task.sleep(for: .milliseconds(700))
    #expect(try await site.core.connectedEdges().map(\.connection) == before.map(\.connection))
    #expect(before.count == 1)
    for index in 0..<2 { #expect(try await site.call(onLoop: index).head.status == 200) }
    try await site.stop()
  }

  @Test func `an edge reaches each of its cores`() async throws {
    let site = try await ReversedSite.start()
    let other = try await Site.startCore(authority: site.authority, policy: .defaults)
    try await site.startEdge(ports: [site.core.localAddress.port, other.localAddress.port])
    try await site.wait(forEdges: 1)
    for _ in 0..<500 where try await other.connectedEdges().isEmpty { try await Task.sleep(for: .milliseconds(10)) }
    #expect(try await other.connectedEdges().map(\.identity) == ["edge-1"])
    try await site.stop()
    try await other.drain()
  }

  /// Nothing crosses on the reversed connection, whose keep-alive is 15 s away; an application on the node sends one request.
  @Test func `a NAT that rebinds is learnt of from the forward connection`() async throws {
    let site = try await ReversedSite.start()
    let relay = try await DatagramRelay.start(to: site.core.localAddress.port)
    let edge = try await site.startEdge(ports: [UInt16(relay.port)], listener: try Site.loopback())
    let client = try await OriginClient.start(OriginURL("h2c://127.0.0.1:\(edge.listenerAddresses[0].port ?? 0)"))
    try await site.wait(forEdges: 1)
    let request = RequestHead(method: "GET", authority: "origin", path: "/", bodyLength: .none)
    _ = try await Call.send(request, through: client.handler)
    let before = try await site.core.connectedEdges()[0].connection.peer
    // Until what began the connections is acknowledged.
    try await Task.sleep(for: .milliseconds(1500))
    try await relay.rebind()
    _ = try await Call.send(request, through: client.handler)
    for _ in 0..<50 where try await site.core.connectedEdges()[0].connection.peer == before { try await Task.sleep(for: .milliseconds(50)) }
    #expect(try await site.core.connectedEdges()[0].connection.peer != before)
    try await client.stop()
    try await relay.stop()
    try await site.stop()
  }

  @Test func `a call that is open while nothing crosses is answered when the link is back`() async throws {
    let site = try await ReversedSite.start()
    let relay = try await DatagramRelay.start(to: site.core.localAddress.port)
    try await site.startEdge(ports: [UInt16(relay.port)])
    try await site.wait(forEdges: 1)
    #expect(try await site.call().head.status == 200)
    relay.setDark(true)
    let gateway = site.gateways[0]
    async let answer = Call.send(
      RequestHead(method: "POST", authority: "api", path: "/", bodyLength: .unknown), body: [ByteBuffer(repeating: 1, count: 3000)],
      through: gateway)
    // Longer than it takes to be suspected by both ends.
    try await Task.sleep(for: .milliseconds(3500))
    relay.setDark(false)
    #expect(try await answer.body.readableBytes == 3000)
    #expect(try await site.call().head.status == 200)
    try await site.stop()
    try await relay.stop()
  }
}
