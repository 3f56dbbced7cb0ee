import NIOCore
import Testing

@testable import Network

@Suite(.alone) struct `Tunnels whose reader has stopped` {
  private static let much = String(repeating: "x", count: 4_000_000)

  private func listener() async throws -> TunnelListener {
    try await TunnelListener.start(limits: CloseLimits(tunnelStall: .milliseconds(300)))
  }

  @Test(arguments: [false, true]) func `are cut when both sides have ended`(clientEndsFirst: Bool) async throws {
    let listener = try await listener()
    let client = try RawSocket(connectingTo: listener.port)
    #expect(try await eventually { try await listener.seen() != nil })
    if clientEndsFirst {
      client.endOutput()
      #expect(try await eventually { try await listener.seen()?.isEnded == true })
    }
    try await listener.send(Self.much)
    try await listener.end()
    if !clientEndsFirst {
      try await Task.sleep(for: .milliseconds(100))
      client.endOutput()
    }
    #expect(try await eventually { try await listener.openCount() == 0 })
    #expect(try await eventually { client.isReset })
    try await listener.stop()
  }

  @Test func `stay while one side is open`() async throws {
    let listener = try await listener()
    let client = try RawSocket(connectingTo: listener.port)
    #expect(try await eventually { try await listener.seen() != nil })
    try await listener.send(Self.much)
    try await listener.end()
    try await Task.sleep(for: .seconds(1))
    #expect(try await listener.openCount() == 1)
    var count = 0
    let deadline = ContinuousClock.now + .seconds(30)
    reading: while ContinuousClock.now < deadline {
      switch client.read(atMost: 65_536) {
      case .bytes(let more): count += more
      case .nothing: try await Task.sleep(for: .milliseconds(1))
      case .end, .reset: break reading
      }
    }
    #expect(count == Self.much.utf8.count)
    try await listener.stop()
  }
}
