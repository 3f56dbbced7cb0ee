import Exchange
import Gateway
import HTTPMessage
import NIOCore
import QUICTransport
import TestCertificates
import Testing

@testable import Network

@Suite(.alone) struct `A connection whose address changes` {
  /// Each port is hashed to another socket of the core, so most datagrams after a change arrive at the wrong one unless the
  /// kernel is told better: the loops hand them over then.
  @Test(arguments: [true, false]) func `stays on its loop whatever socket its datagrams arrive at`(isSteered: Bool) async throws {
    let authority = try TestAuthority()
    let origin = try await HandlerServer.start(on: Site.loopback(), name: "echo") { _ in EchoHandler() }
    let service = Service(name: "echo", origins: [try OriginURL("h2c://127.0.0.1:\(origin.localAddress.port ?? 0)")])
    let core = try await Site.startCore(
      authority: authority, policy: Policy(routing: RoutingTable(services: [service])), loopCount: 2, isSteered: isSteered)
    let relay = try await DatagramRelay.start(to: core.localAddress.port)
    let edge = try await Site.startEdge(
      leaf: try authority.client("edge-1"), authority: authority, corePort: UInt16(relay.port))
    let client = try await OriginClient.start(OriginURL("h2c://127.0.0.1:\(edge.listenerAddresses[0].port ?? 0)"))
    let content = ByteBuffer(repeating: 7, count: 100_000)
    for _ in 0..<8 {
      let head = RequestHead(method: "POST", authority: "origin", path: "/", bodyLength: .known(100_000))
      #expect(try await Call.send(head, body: [content], through: client.handler).body == content)
      try await relay.rebind()
      try await Task.sleep(for: .milliseconds(300))
    }
    #expect(try await core.connectionCount() == 1)
    try await client.stop()
    try await edge.drain()
    try await core.drain()
    try await relay.stop()
    try await origin.stop()
  }
}

@Suite struct `What the kernel says of addresses` {
  @Test func `the source towards loopback is loopback, in the form of control messages`() throws {
    let four = try #require(Address(ipAddress: "127.0.0.1", port: 4433))
    let mapped = try #require(Address(ipAddress: "::ffff:127.0.0.1", port: 4433))
    let six = try #require(Address(ipAddress: "::1", port: 4433))
    #expect(SourceAddress.towards(four, port: 7) == Address(ipAddress: "127.0.0.1", port: 7))
    #expect(SourceAddress.towards(mapped, port: 7) == Address(ipAddress: "127.0.0.1", port: 7))
    #expect(SourceAddress.towards(six, port: 7) == Address(ipAddress: "::1", port: 7))
  }

  @Test func `an address of nobody here does not exist`() throws {
    #expect(SourceAddress.exists(try #require(Address(ipAddress: "127.0.0.1", port: 1))))
    #expect(!SourceAddress.exists(try #require(Address(ipAddress: "192.0.2.77", port: 1))))
    #expect(!SourceAddress.exists(try #require(Address(ipAddress: "2001:db8::77", port: 1))))
  }
}

@Suite struct `A flood of news about addresses` {
  private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .milliseconds(milliseconds) }

  @Test func `is looked at once, a moment later`() {
    var pacer = ChangePacer()
    #expect(pacer.changed(now: at(100)) == at(105))
    #expect(pacer.changed(now: at(101)) == nil)
    #expect(pacer.changed(now: at(104)) == nil)
  }

  @Test func `is looked at with pauses for as long as it lasts, and once after its end`() {
    var pacer = ChangePacer()
    var due: NIODeadline?
    var looks: [NIODeadline] = []
    for time in 0..<1000 {
      let now = at(Int64(time))
      if let time = due, time <= now {
        pacer.looked(now: now)
        looks.append(now)
        due = nil
      }
      if time < 900, let time = pacer.changed(now: now) { due = time }
    }
    #expect(looks.count < 15)
    #expect(looks.last.map { $0 >= at(899) } == true)
    #expect(pacer.changed(now: at(3000)) == at(3005))
  }
}
