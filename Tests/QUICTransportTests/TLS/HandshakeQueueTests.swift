import NIOCore
@testable import QUICTransport
import Testing

/// A server that many clients want at once.
@Suite struct HandshakeQueueTests {
  @Test func theOldestIsServedFirstAndKeepsItsPlace() {
    var queue = HandshakeQueue<String>(capacity: 3, patience: .seconds(8))
    var hasRoom: [Bool] = []
    for (second, (name, number)) in [("a", 1), ("b", 2), ("a again", 1), ("c", 3), ("d", 4)].enumerated() {
      hasRoom.append(queue.append(name, of: id(UInt8(number)), now: time(UInt64(second))))
    }
    #expect(hasRoom == [true, true, true, true, false])
    #expect(queue.count == 3)
    var served: [String] = []
    while let next = queue.popOldest(now: time(5)) { served.append(next) }
    #expect(served == ["a again", "b", "c"])
    #expect(queue.isEmpty)
  }

  @Test func whoHasWaitedTooLongHasGone() {
    var queue = HandshakeQueue<String>(capacity: 2, patience: .seconds(8))
    _ = queue.append("a", of: id(1), now: time(0))
    _ = queue.append("b", of: id(2), now: time(5))
    // Its packets may still come; it had its time.
    _ = queue.append("a", of: id(1), now: time(7))
    let hasRoom = queue.append("c", of: id(3), now: time(8))
    #expect(hasRoom)
    let served = [queue.popOldest(now: time(9)), queue.popOldest(now: time(9))]
    #expect(served == ["b", "c"])
  }

  @Test func aFloodOfHandshakesIsServedInPortionsAndWhole() throws {
    let setups = try Setups()
    let pair = Pair(configure: {
      $0.handshakeLimit = 4
      $0.handshakesPerTurn = 2
    })
    pair.server.setup = try setups.server()
    var most = 0
    pair.filter = { _ in
      most = max(most, pair.server.endpoint.handshakesInProgress)
      return true
    }
    let connections = try (0..<40).map { _ in try pair.connect(try setups.client(StreamRecorder())) }
    #expect(pair.run(for: .seconds(8), until: { connections.allSatisfy { pair.client.isConfirmed($0) } }))
    #expect(most == 4)
    #expect(pair.server.refusals[.tooManyHandshakes] == nil)
    #expect(pair.server.endpoint.handshakesInProgress == 0)
    #expect(pair.server.endpoint.connectionCount == 40)
  }

  @Test func onlyWhoHasProvedItsAddressWaits() throws {
    let setups = try Setups()
    let pair = Pair(configure: {
      $0.handshakeLimit = 5
      $0.waitingHandshakeLimit = 3
    })
    pair.server.setup = try setups.server()
    // The server's answers are lost, so no address is proved and no handshake ends.
    pair.filter = { $0.from != .server }
    for _ in 0..<20 { _ = try pair.connect(try setups.client(StreamRecorder())) }
    pair.run(for: .milliseconds(50))
    #expect(pair.server.endpoint.handshakesInProgress == 5)
    #expect(pair.server.endpoint.connectionCount == 5)
    #expect(pair.server.endpoint.handshakeQueue.isEmpty)
    // With the answers they prove it: three have room to wait, the others are dropped and come again.
    pair.filter = { _ in true }
    pair.run(for: .seconds(1.2))
    #expect(pair.server.refusals[.tooManyHandshakes, default: 0] >= 1)
    pair.run(for: .seconds(30))
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    #expect(pair.run(until: { pair.client.isConfirmed(connection) }))
    #expect(pair.server.endpoint.handshakesInProgress == 0)
  }

  private func id(_ number: UInt8) -> ConnectionID { [number, 2, 3, 4].withUnsafeBytes { ConnectionID($0)! } }
  private func time(_ second: UInt64) -> NIODeadline { .uptimeNanoseconds(second * 1_000_000_000) }
}
