import Events
import LinkEmulator
import QUICTransport
import Testing

/// The client's address changes behind its back, by a NAT.
@Suite struct RebindingTests {
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

  /// A client whose windows are small sends small packets at the first move, which allow the server no PATH_CHALLENGE of full length;
  /// the path is validated a second time then, and a connection that has no path when that fails is over.
  @Test(arguments: 1...12, [64, 1024]) func twoMovesWithinARoundTripDoNoHarm(step: Int, windowKiB: Int) throws {
    let (pair, client, server, recorder) = try transferring(windowKiB: windowKiB)
    pair.run(for: .milliseconds(500))
    pair.clientAddressSeen = second
    pair.run(for: .milliseconds(Int64(step) * 7))
    pair.clientAddressSeen = third
    try finish(pair, recorder)
    #expect(server.path.remote == third)
    #expect(pair.client.closure(of: client) == nil, "step \(step)")
  }

  @Test(arguments: 1...12) func aMoveThereAndBackDoesNoHarm(step: Int) throws {
    let (pair, client, server, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    pair.clientAddressSeen = second
    pair.run(for: .milliseconds(Int64(step) * 7))
    pair.clientAddressSeen = .client
    try finish(pair, recorder)
    #expect(server.path.remote == .client)
    #expect(pair.client.closure(of: client) == nil, "step \(step)")
  }

  /// Every few milliseconds another address, with loss: nothing may abort. The transfer ends when the client settles, unless
  /// ngtcp2 has found no path any more (NO_VIABLE_PATH); then the next connection works.
  @Test(arguments: 1...5) func aClientThatCannotDecide(seed: Int) throws {
    let setups = try Setups()
    let (pair, client, _, recorder) = try transferring(loss: 0.05, seed: UInt64(seed))
    var random = SeededGenerator(seed: UInt64(seed))
    let addresses = [Address.client, second, third]
    for _ in 0..<200 {
      pair.clientAddressSeen = addresses[Int(random.next() % 3)]
      pair.run(for: .milliseconds(Int64(random.next() % 40)))
    }
    pair.run(for: .seconds(60), until: { recorder.closed.count == 1 || pair.client.closure(of: client) != nil })
    if let closure = pair.client.closure(of: client) {
      #expect(closure.code == .transport(0x10), "seed \(seed)")
      pair.clientAddressSeen = .client
      pair.server.setup = try setups.server()
      let next = try pair.connect(try setups.client(StreamRecorder()))
      #expect(pair.run(until: { pair.client.isConfirmed(next) }), "seed \(seed)")
    } else {
      try finish(pair, recorder)
    }
  }

  @Test func aClientIsToldThatItsAddressIsValidated() throws {
    let (pair, client, server, recorder) = try Pair.connected(try Setups(), conditions: LinkConditions(delay: .milliseconds(20)))
    pair.run(for: .seconds(5))
    recorder.send(pattern(100))
    pair.run(for: .seconds(2))
    let isChallenged = { pair.client.events(of: client).contains { if case .challenged = $0 { true } else { false } } }
    #expect(!isChallenged())
    pair.clientAddressSeen = second
    recorder.send(pattern(100))
    pair.run(for: .seconds(1))
    #expect(server.path.remote == second)
    #expect(isChallenged())
  }

  @Test func whatComesFromWhereTheClientWasIsRefusedAndCountedWhileItsPathSettles() throws {
    let (pair, _, server, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    pair.clientAddressSeen = second
    #expect(pair.run(for: .seconds(5), until: { server.path.remote == second }))
    pair.run(for: .seconds(1), until: { !pair.server.migrations(of: server).isEmpty })
    pair.clientAddressSeen = .client
    pair.run(for: .seconds(1))
    #expect(pair.server.refusals[.thirdPath, default: 0] >= 1)
    try finish(pair, recorder)
  }

  /// The server learns of the new address only from the client, which has nothing to say: it probes, long before keep-alive
  /// would. One round trip then brings data again, before the new address is validated.
  @Test(arguments: [ConnectionConfiguration.CongestionControl.cubic, .bbr2], [true, false])
  func aDownloadHardlyStandsStill(congestionControl: ConnectionConfiguration.CongestionControl, isOtherHost: Bool) throws {
    var setups = try Setups()
    setups.connection.congestionControl = congestionControl
    setups.clientConnection.bidirectionalStreamWindowBytes = 1 << 20
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(50), bitsPerSecond: 20_000_000))
    let source = StreamRecorder()
    pair.server.setup = try setups.server { _ in source }
    let recorder = StreamRecorder()
    let client = try pair.connect(try setups.client(recorder))
    let stream = StreamID(rawValue: 0)
    pair.run(until: { pair.client.isConfirmed(client) })
    recorder.send([1])
    pair.run(until: { source.ended.contains(stream) })
    let content = pattern(3_000_000)
    source.append(content, to: stream, isFinal: true)
    pair.run(until: { recorder.receivedCount > 1_000_000 })
    pair.clientAddressSeen = isOtherHost ? second : Address(ipAddress: Address.client.host, port: 2)!
    // What is on the way still arrives at the NAT, and no further.
    let begin = pair.now
    let count = recorder.receivedCount
    #expect(pair.run(for: .seconds(5), until: { recorder.receivedCount > count }))
    #expect(pair.now - begin < 400_000_000)
    #expect(pair.run(for: .seconds(60), until: { recorder.receivedCount == content.count }))
    #expect(recorder.holds(content, on: stream))
  }

  private func transferring(
    loss: Double = 0, seed: UInt64 = 1, windowKiB: Int = 72
  ) throws -> (pair: Pair, client: Connection, server: Connection, recorder: StreamRecorder) {
    let conditions = LinkConditions(delay: .milliseconds(20), lossProbability: loss, bitsPerSecond: 10_000_000)
    var setups = try Setups()
    setups.clientConnection.keepAlive = .seconds(1)
    setups.connection.bidirectionalStreamWindowBytes = UInt64(windowKiB) << 10
    setups.clientConnection.bidirectionalStreamWindowBytes = UInt64(windowKiB) << 10
    let connected = try Pair.connected(setups, conditions: conditions, seed: seed)
    connected.recorder.send(pattern(1_000_000))
    return connected
  }

  private func finish(_ pair: Pair, _ recorder: StreamRecorder) throws {
    #expect(pair.run(for: .seconds(120), until: { recorder.closed.count == 1 }))
    #expect(recorder.received.values.first.map { $0 == pattern(1_000_000) } == true)
  }
}
