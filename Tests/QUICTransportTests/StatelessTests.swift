import Events
import LinkEmulator
import QUICTransport
import Testing

/// What an endpoint answers without a connection.
@Suite struct StatelessTests {
  @Test func aReplacedServerResetsTheConnectionsOfItsPredecessor() throws {
    let (pair, client, _, recorder) = try Pair.connected(try Setups())
    pair.run(for: .seconds(1))
    pair.server.restart()
    recorder.send(pattern(200))
    #expect(pair.run(for: .seconds(2), until: { pair.client.closure(of: client) != nil }))
    #expect(pair.client.closure(of: client)?.cause == .end(.statelessReset))
    #expect(pair.server.refusals[.unknownConnection, default: 0] >= 1)
    pair.run(for: .seconds(5))
    #expect(pair.client.endpoint.connectionCount == 0)
  }

  @Test func aResetIsShorterThanWhatCausedIt() throws {
    let pair = Pair()
    var answers: [Int] = []
    pair.filter = { answers.append($0.bytes.count); return false }
    for size in [21, 22, 30, 42, 43, 44, 100, 1200] { pair.inject([0x40] + pattern(size - 1)) }
    #expect(answers == [21, 29, 41, 42, 43, 43, 43])
  }

  @Test func resetsAreLimited() throws {
    let pair = Pair(configure: { $0.statelessDatagramsPerSecond = 10 })
    var answers = 0
    pair.filter = { _ in answers += 1; return false }
    for _ in 0..<1000 { pair.inject([0x40] + pattern(99)) }
    #expect(answers == 10)
    #expect(pair.server.refusals[.unknownConnection] == 1000)
  }

  /// Junk that is answered with resets leaves Retry to those who want a connection.
  @Test func junkKeepsNobodyFromARetry() throws {
    let pair = Pair(configure: {
      $0.statelessDatagramsPerSecond = 10
      $0.retryThreshold = 0
    })
    let setups = try Setups()
    pair.server.setup = try setups.server()
    for _ in 0..<100 { pair.inject([0x40] + pattern(99)) }
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    #expect(pair.run(for: .milliseconds(100), until: { pair.client.isConfirmed(connection) }))
  }

  @Test func anotherVersionIsAnsweredWithOurs() throws {
    let pair = Pair()
    var answers: [[UInt8]] = []
    pair.filter = { answers.append($0.bytes); return false }
    var datagram: [UInt8] = [0xc0, 0xba, 0xba, 0xba, 0xba, 8] + pattern(8) + [4] + pattern(4)
    datagram += [UInt8](repeating: 0, count: 1200 - datagram.count)
    pair.inject(datagram)
    let answer = try #require(answers.first)
    #expect(Array(answer[1..<5]) == [0, 0, 0, 0])
    // The connection IDs are exchanged, RFC 9000 §17.2.1.
    #expect(Array(answer[5..<10]) == [4] + pattern(4))
    #expect(Array(answer[10..<19]) == [8] + pattern(8))
    #expect(Array(answer.suffix(4)) == [0, 0, 0, 1])
    #expect(pair.server.refusals[.unsupportedVersion] == 1)

    pair.inject(Array(datagram[..<1199]))
    #expect(answers.count == 1)
  }

  /// A client must discard a Version Negotiation packet that lists the version it asked for, RFC 9000 §6.2.
  @Test(arguments: [[0x1a, 0x2a, 0x3a, 0x4a], [0x2a, 0x3a, 0x4a, 0x5a]] as [[UInt8]])
  func aReservedVersionIsNotAnsweredWithItself(version: [UInt8]) throws {
    let pair = Pair()
    var answers: [[UInt8]] = []
    pair.filter = { answers.append($0.bytes); return false }
    let head: [UInt8] = [0xc0] + version + [8] + pattern(8) + [4] + pattern(4)
    pair.inject(head + [UInt8](repeating: 0, count: 1200 - head.count))
    let offered = try #require(answers.first).suffix(8)
    #expect(Array(offered.prefix(4)) != version && Array(offered.suffix(4)) == [0, 0, 0, 1])
  }

  @Test func aClientWhoseVersionIsNotSpokenGivesUp() throws {
    let setups = try Setups()
    let pair = Pair()
    var first: Packet?
    pair.filter = { packet in first = first ?? packet; return false }
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    pair.run(for: .milliseconds(1))
    // A Version Negotiation packet that names only a reserved version.
    let initial = try #require(first).bytes
    let destinationLength = Int(initial[5])
    let source = Array(initial[(7 + destinationLength)..<(7 + destinationLength + Int(initial[6 + destinationLength]))])
    let answer: [UInt8] =
      [0x80, 0, 0, 0, 0, UInt8(source.count)] + source + [UInt8(destinationLength)] + initial[6..<6 + destinationLength]
      + [0x0a, 0x1a, 0x2a, 0x3a]
    pair.filter = { _ in true }
    pair.link.backward.send(Packet(bytes: answer, from: .server, to: .client, ecn: .notCapable), at: pair.now)
    #expect(pair.run(for: .seconds(1), until: { pair.client.closure(of: connection) != nil }))
    #expect(pair.client.closure(of: connection)?.cause == .handshake(.unsupportedVersion))
  }

  @Test func underLoadAClientProvesItsAddressFirst() throws {
    let setups = try Setups()
    let pair = Pair(configure: { $0.retryThreshold = 0 })
    pair.server.setup = try setups.server()
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    #expect(pair.run(until: { pair.client.isConfirmed(connection) }))
    // One more round trip than without.
    #expect(pair.server.acceptCount == 1)
    #expect(pair.server.refusals.isEmpty)
  }

  @Test func aRetryTokenIsGoodOnlyForItsAddress() throws {
    let setups = try Setups()
    let pair = Pair(configure: { $0.retryThreshold = 0 })
    pair.server.setup = try setups.server()
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    pair.run(for: .milliseconds(15))
    // The Retry under way still reaches the client, which then sends from elsewhere.
    pair.furtherClientAddresses = [.client]
    pair.clientAddressSeen = Address(ipAddress: "198.51.100.7", port: 1)!
    pair.run(for: .seconds(1))
    #expect(!pair.client.isConfirmed(connection))
    #expect(pair.server.acceptCount == 0)
    #expect(pair.server.refusals[.badToken, default: 0] >= 1)
  }

  @Test func aRefusedClientLearnsItAtOnce() throws {
    let setups = try Setups()
    let pair = Pair()
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    #expect(pair.run(for: .seconds(1), until: { pair.client.closure(of: connection) != nil }))
    #expect(pair.client.closure(of: connection)?.cause == .handshake(.refusedByPeer))
    #expect(pair.client.closure(of: connection)?.code == .transport(2))
  }

  @Test func aServerThatShutsDownTellsNewClients() throws {
    let setups = try Setups()
    let (pair, existing, _, recorder) = try Pair.connected(setups)
    pair.server.endpoint.acceptsConnections = false
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    #expect(pair.run(for: .seconds(1), until: { pair.client.closure(of: connection) != nil }))
    #expect(pair.client.closure(of: connection)?.cause == .handshake(.refusedByPeer))
    #expect(pair.server.refusals[.notAccepting, default: 0] >= 1)
    recorder.send(pattern(100))
    pair.run(for: .milliseconds(100))
    #expect(pair.client.closure(of: existing) == nil, "connections that exist go on")
  }

  @Test func aDatagramNamesTheLoopThatOwnsIt() throws {
    let setups = try Setups()
    let pair = Pair(configure: { $0.loopIndex = 3; $0.instance = 0xbeef })
    pair.server.setup = try setups.server()
    var owners: Set<UInt8?> = []
    var isFirst = true
    pair.filter = { packet in
      guard packet.to == .server else { return true }
      let owner = packet.bytes.withUnsafeBytes { pair.server.endpoint.loopIndex(ofDatagram: $0) }
      if isFirst { #expect(owner == nil) } else { owners.insert(owner) }
      isFirst = false
      return true
    }
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    #expect(pair.run(until: { pair.client.isConfirmed(connection) }))
    #expect(owners == [3])
  }
}
