import Events
import LinkEmulator
import QUICTransport
import Testing

/// The client's address changes: by its own will, or behind its back by a NAT.
@Suite struct MigrationTests {
  private let second = Address(ipAddress: "198.51.100.2", port: 2222)!
  private let third = Address(ipAddress: "198.51.100.3", port: 3333)!

  @Test func aTransferGoesOnAfterANATHasChangedItsMind() throws {
    let (pair, client, server, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    pair.clientAddressSeen = second
    try finish(pair, recorder)
    #expect(pair.server.migrations(of: server).map(\.remote) == [second])
    #expect(server.path.remote == second)
    #expect(pair.client.closure(of: client) == nil)
  }

  @Test func aClientMovesByItself() throws {
    let (pair, client, server, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    #expect(client.migrate(toLocal: second, now: pair.time))
    #expect(!client.migrate(toLocal: third, now: pair.time))
    pair.clientAddressSeen = second
    try finish(pair, recorder)
    #expect(client.path.local == second)
    #expect(server.path.remote == second)
  }

  /// ngtcp2 0.12 may abort on the second move; here it is held back until the first is finished.
  @Test(arguments: 1...20) func twoMovesWithinARoundTripDoNoHarm(step: Int) throws {
    let (pair, client, server, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    pair.clientAddressSeen = second
    pair.run(for: .milliseconds(Int64(step) * 4))
    pair.clientAddressSeen = third
    try finish(pair, recorder)
    #expect(server.path.remote == third)
    #expect(pair.client.closure(of: client) == nil, "step \(step)")
  }

  @Test(arguments: 1...20) func aMoveThereAndBackDoesNoHarm(step: Int) throws {
    let (pair, client, server, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    pair.clientAddressSeen = second
    pair.run(for: .milliseconds(Int64(step) * 4))
    pair.clientAddressSeen = .client
    try finish(pair, recorder)
    #expect(server.path.remote == .client)
    #expect(pair.client.closure(of: client) == nil, "step \(step)")
  }

  /// Every few milliseconds another address, with loss: nothing may abort, and the transfer ends when it settles.
  @Test(arguments: 1...10) func aClientThatCannotDecide(seed: Int) throws {
    let (pair, client, _, recorder) = try transferring(loss: 0.05, seed: UInt64(seed))
    var random = SeededGenerator(seed: UInt64(seed))
    let addresses = [Address.client, second, third]
    for _ in 0..<200 {
      pair.clientAddressSeen = addresses[Int(random.next() % 3)]
      pair.run(for: .milliseconds(Int64(random.next() % 40)))
    }
    try finish(pair, recorder)
    #expect(pair.client.closure(of: client) == nil, "seed \(seed)")
  }

  @Test func aThirdAddressIsCounted() throws {
    let (pair, _, _, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    pair.clientAddressSeen = second
    pair.run(for: .milliseconds(15))
    pair.clientAddressSeen = third
    pair.run(for: .milliseconds(15))
    #expect(pair.server.refusals[.thirdPath, default: 0] >= 1)
    try finish(pair, recorder)
  }

  private func transferring(
    loss: Double = 0, seed: UInt64 = 1
  ) throws -> (pair: Pair, client: Connection, server: Connection, recorder: StreamRecorder) {
    let conditions = LinkConditions(delay: .milliseconds(20), lossProbability: loss, bitsPerSecond: 20_000_000)
    var setups = try Setups()
    setups.clientConnection.keepAlive = .seconds(1)
    let connected = try Pair.connected(setups, conditions: conditions, seed: seed)
    connected.recorder.send(pattern(4_000_000))
    return connected
  }

  private func finish(_ pair: Pair, _ recorder: StreamRecorder) throws {
    #expect(pair.run(for: .seconds(120), until: { recorder.closed.count == 1 }))
    #expect(recorder.received.values.first.map { $0 == pattern(4_000_000) } == true)
  }
}
