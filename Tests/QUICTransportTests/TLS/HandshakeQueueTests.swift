import NIOCore
@testable import QUICTransport
import Testing

/// A server that many clients want at once.
@Suite struct HandshakeQueueTests {
  @Test func theOldestIsServedFirstAndKeepsItsPlace() {
    var queue = HandshakeQueue<String>(capacity: 3, capacityForOne: 3, patience: .seconds(8))
    var hasRoom: [Bool] = []
    for (second, (name, number)) in [("a", 1), ("b", 2), ("a again", 1), ("c", 3), ("d", 4)].enumerated() {
      hasRoom.append(queue.append(name, of: id(UInt8(number)), from: block(1), now: time(UInt64(second))))
    }
    #expect(hasRoom == [true, true, true, true, false])
    #expect(queue.count == 3)
    var served: [String] = []
    while let next = queue.popNext(now: time(5), where: { _ in true }) { served.append(next) }
    #expect(served == ["a again", "b", "c"])
    #expect(queue.isEmpty)
  }

  @Test func whoHasWaitedTooLongHasGone() {
    var queue = HandshakeQueue<String>(capacity: 2, capacityForOne: 2, patience: .seconds(8))
    _ = queue.append("a", of: id(1), from: block(1), now: time(0))
    _ = queue.append("b", of: id(2), from: block(1), now: time(5))
    // Its packets may still come; it had its time.
    _ = queue.append("a", of: id(1), from: block(1), now: time(7))
    let hasRoom = queue.append("c", of: id(3), from: block(1), now: time(8))
    #expect(hasRoom)
    let served = (0..<2).map { _ in queue.popNext(now: time(9), where: { _ in true }) }
    #expect(served == ["b", "c"])
  }

  @Test func eachAddressHasItsTurn() {
    var queue = HandshakeQueue<Int>(capacity: 10, capacityForOne: 4, patience: .seconds(8))
    var hasRoom: [Bool] = []
    for number in 1...6 { hasRoom.append(queue.append(number, of: id(UInt8(number)), from: block(1), now: time(1))) }
    #expect(hasRoom == [true, true, true, true, false, false])
    for number in 7...8 { _ = queue.append(number, of: id(UInt8(number)), from: block(UInt8(number)), now: time(2)) }
    #expect(queue.contains { $0 == block(8) })
    #expect(!queue.contains { $0 == block(9) })
    #expect(queue.popNext(now: time(3), where: { $0 == block(8) }) == 8)
    #expect(!queue.contains { $0 == block(8) })
    var served: [Int] = []
    while let next = queue.popNext(now: time(3), where: { _ in true }) { served.append(next) }
    #expect(served == [1, 7, 2, 3, 4])
    #expect(queue.isEmpty)
    // The address that has waited in vain begins anew.
    _ = queue.append(1, of: id(1), from: block(1), now: time(4))
    #expect(queue.popNext(now: time(13), where: { _ in true }) == nil)
    _ = queue.append(1, of: id(1), from: block(1), now: time(13))
    #expect(queue.popNext(now: time(13), where: { _ in true }) == 1)
  }

  @Test func aFloodOfHandshakesIsServedInPortionsAndWhole() throws {
    let setups = try Setups()
    let pair = Pair(configure: {
      $0.handshakeLimit = 4
      $0.handshakesPerTurn = 2
      $0.addressShare = 1
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
      $0.addressShare = 1
    })
    pair.server.setup = try setups.server()
    // The server's answers are lost, so no address is proved and no handshake ends.
    pair.filter = { $0.from != .server }
    for _ in 0..<20 { _ = try pair.connect(try setups.client(StreamRecorder())) }
    pair.run(for: .milliseconds(50))
    #expect(pair.server.endpoint.handshakesInProgress == 5)
    #expect(pair.server.endpoint.connectionCount == 5)
    #expect(pair.server.endpoint.admission.waitingCount == 0)
    // With the answers they prove it: three have room to wait, the others are dropped and come again.
    pair.filter = { _ in true }
    pair.run(for: .seconds(1.2))
    #expect(pair.server.refusals[.tooManyHandshakes, default: 0] >= 1)
    pair.run(for: .seconds(30))
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    #expect(pair.run(until: { pair.client.isConfirmed(connection) }))
    #expect(pair.server.endpoint.handshakesInProgress == 0)
  }

  private func block(_ number: UInt8) -> AddressBlock { AddressBlock(Address(ipAddress: "192.0.2.\(number)", port: 1)!) }
  private func id(_ number: UInt8) -> ConnectionID { [number, 2, 3, 4].withUnsafeBytes { ConnectionID($0)! } }
  private func time(_ second: UInt64) -> NIODeadline { .uptimeNanoseconds(second * 1_000_000_000) }
}
