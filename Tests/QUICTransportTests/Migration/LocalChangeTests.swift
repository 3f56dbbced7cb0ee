import Events
import LinkEmulator
import QUICTransport
import Testing

/// The client's own address changes, and it migrates (RFC 9000 §9.2).
@Suite struct LocalChangeTests {
  private let second = Address(ipAddress: "198.51.100.2", port: 2222)!
  private let third = Address(ipAddress: "198.51.100.3", port: 3333)!

  /// Echoed, so that an upload and a download are under way at once.
  @Test(arguments: [true, false]) func aTransferGoesOnFromTheNewAddress(formerIsGone: Bool) throws {
    let (pair, client, server, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    let ids = destinations(pair, from: .client)
    change(pair, client, to: second, formerIsGone: formerIsGone)
    try finish(pair, recorder)
    #expect(pair.client.migrations(of: client).map(\.local) == [second])
    #expect(client.path.local == second)
    #expect(server.path.remote == second)
    #expect(ids().isDisjoint(with: destinations(pair, from: second)()))
  }

  @Test func aDownloadToASilentClientGoesOn() throws {
    let (pair, client, server, recorder) = try downloading()
    pair.run(for: .milliseconds(500))
    change(pair, client, to: second, formerIsGone: true)
    #expect(pair.run(for: .seconds(60), until: { recorder.receivedCount == 1_000_000 }))
    #expect(server.path.remote == second)
    #expect(pair.server.migrations(of: server).map(\.remote) == [second])
  }

  @Test func aChangeDuringAValidationIsMadeAfterIt() throws {
    let (pair, client, server, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    change(pair, client, to: second, formerIsGone: false)
    pair.run(for: .milliseconds(10))
    change(pair, client, to: third, formerIsGone: false)
    #expect(client.path.local == .client)
    try finish(pair, recorder)
    pair.run(for: .seconds(10), until: { server.path.remote == third })
    #expect(pair.client.migrations(of: client).map(\.local) == [second, third])
    #expect(server.path.remote == third)
  }

  /// Whatever the moment of the second change: nothing aborts, nothing is lost.
  @Test(arguments: 1...10) func twoChangesInAShortTime(step: Int) throws {
    for (target, formerIsGone) in [(third, true), (third, false), (.client, false), (.client, true)] {
      let (pair, client, server, recorder) = try transferring()
      pair.run(for: .milliseconds(500))
      change(pair, client, to: second, formerIsGone: formerIsGone)
      pair.run(for: .milliseconds(Int64(step) * 13))
      change(pair, client, to: target, formerIsGone: formerIsGone)
      try finish(pair, recorder)
      pair.run(for: .seconds(20), until: { server.path.remote == target })
      #expect(server.path.remote == target, "step \(step), to \(target), gone \(formerIsGone)")
      #expect(pair.client.closure(of: client) == nil)
    }
  }

  @Test(arguments: 1...3) func tenChangesInAMinuteWithLoss(seed: Int) throws {
    let (pair, client, server, recorder) = try transferring(loss: 0.05, seed: UInt64(seed), bytes: 3_000_000)
    for number in 1...10 {
      pair.run(for: .seconds(6))
      change(pair, client, to: Address(ipAddress: "198.51.100.\(number)", port: 5)!, formerIsGone: number % 3 != 0)
    }
    try finish(pair, recorder, bytes: 3_000_000)
    pair.run(for: .seconds(20), until: { server.path.remote.host == "198.51.100.10" })
    #expect(server.path.remote.host == "198.51.100.10")
    #expect(pair.client.closure(of: client) == nil, "seed \(seed)")
  }

  /// There is no network for some seconds, then another one.
  @Test func aGapBetweenTwoAddressesIsOutlived() throws {
    let (pair, client, server, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    pair.goneClientAddresses = [.client]
    pair.run(for: .seconds(8))
    change(pair, client, to: second, formerIsGone: true)
    try finish(pair, recorder)
    #expect(server.path.remote == second)
  }

  @Test func anAddressThatVanishesAndReturnsIsNoChange() throws {
    let (pair, client, server, recorder) = try transferring()
    pair.run(for: .milliseconds(500))
    pair.goneClientAddresses = [.client]
    pair.run(for: .seconds(3))
    pair.goneClientAddresses = []
    client.localAddressChanged(to: .client, formerIsGone: false, now: pair.time)
    try finish(pair, recorder)
    #expect(server.path.remote == .client)
    #expect(pair.client.migrations(of: client).isEmpty)
  }

  @Test func duringTheHandshakeTheConnectionEndsAndIsToBeDialledAnew() throws {
    let setups = try Setups()
    let pair = Pair()
    pair.server.setup = try setups.server()
    let client = try pair.connect(try setups.client(StreamRecorder()))
    pair.run(for: .milliseconds(5))
    change(pair, client, to: second, formerIsGone: true)
    pair.run(for: .milliseconds(1))
    #expect(pair.client.closure(of: client)?.cause == .handshake(.addressChanged))
    #expect(pair.client.endpoint.connectionCount == 0)
  }

  @Test func duringTheHandshakeAChangeWaitsWhileTheFormerAddressWorks() throws {
    let setups = try Setups()
    let pair = Pair()
    pair.server.setup = try setups.server()
    let client = try pair.connect(try setups.client(StreamRecorder()))
    pair.run(for: .milliseconds(5))
    change(pair, client, to: second, formerIsGone: false)
    #expect(pair.run(for: .seconds(10), until: { pair.client.migrations(of: client).map(\.local) == [second] }))
  }

  @Test func withoutALocalAddressTheFirstAnswerGivesIt() throws {
    let setups = try Setups()
    let pair = Pair()
    pair.server.setup = try setups.server()
    let unspecified = Address(ipAddress: "0.0.0.0", port: 40_000)!
    let client = try pair.connect(try setups.client(StreamRecorder()), local: unspecified)
    pair.filter = { $0.from != .server || client.path.local.isUnspecified || client.path.local == .client }
    pair.clientAddressSeen = unspecified
    #expect(pair.run(until: { pair.client.isConfirmed(client) }))
    #expect(client.path.local == .client)
  }

  // MARK: Support

  private func change(_ pair: Pair, _ client: Connection, to address: Address, formerIsGone: Bool) {
    if address != .client { pair.furtherClientAddresses.append(address) }
    pair.goneClientAddresses.remove(address)
    if formerIsGone { pair.goneClientAddresses.insert(client.path.local) }
    client.localAddressChanged(to: address, formerIsGone: formerIsGone, now: pair.time)
  }

  /// The connection IDs that short headers from `address` are for, from now on or until now.
  private func destinations(_ pair: Pair, from address: Address) -> () -> Set<[UInt8]> {
    { Set(pair.sent.filter { $0.from == address && $0.bytes[0] & 0x80 == 0 }.map { Array($0.bytes[1...12]) }) }
  }

  private func transferring(
    loss: Double = 0, seed: UInt64 = 1, bytes: Int = 1_000_000
  ) throws -> (pair: Pair, client: Connection, server: Connection, recorder: StreamRecorder) {
    let conditions = LinkConditions(delay: .milliseconds(20), lossProbability: loss, bitsPerSecond: 10_000_000)
    var setups = try Setups()
    setups.clientConnection.keepAlive = .seconds(1)
    setups.connection.congestionControl = .bbr2
    setups.clientConnection.congestionControl = .bbr2
    let connected = try Pair.connected(setups, conditions: conditions, seed: seed)
    connected.recorder.send(pattern(bytes))
    return connected
  }

  private func downloading() throws -> (pair: Pair, client: Connection, server: Connection, recorder: StreamRecorder) {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(20), bitsPerSecond: 10_000_000))
    let setups = try Setups()
    let source = StreamRecorder()
    pair.server.setup = try setups.server { _ in source }
    let recorder = StreamRecorder()
    let client = try pair.connect(try setups.client(recorder))
    let stream = StreamID(rawValue: 0)
    pair.run(until: { pair.client.isConfirmed(client) })
    recorder.send([1])
    pair.run(until: { source.ended.contains(stream) })
    source.append(pattern(1_000_000), to: stream, isFinal: true)
    return (pair, client, try #require(pair.server.connections.first), recorder)
  }

  private func finish(_ pair: Pair, _ recorder: StreamRecorder, bytes: Int = 1_000_000) throws {
    #expect(pair.run(for: .seconds(120), until: { recorder.closed.count == 1 }))
    #expect(recorder.received.values.first.map { $0 == pattern(bytes) } == true)
  }
}
