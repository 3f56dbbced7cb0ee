import Events
import QUICTransport
import Testing

@Suite struct ClosingTests {
  @Test func anApplicationCloseReachesThePeerWithItsCodeAndWords() throws {
    let (pair, client, server, _) = try Pair.connected(try Setups())
    client.close(applicationCode: 0x100, reason: "going away")
    #expect(client.phase == ConnectionPhase.closing)
    pair.run(for: .milliseconds(100))
    let atClient = try #require(pair.client.closure(of: client))
    let atServer = try #require(pair.server.closure(of: server))
    #expect(atClient.cause == .end(.closedByUs))
    #expect(atClient.code == .application(0x100))
    #expect(atServer.cause == .end(.closedByPeer))
    #expect(atServer.code == .application(0x100))
    #expect(atServer.reason.contains("going away"))
    #expect(server.phase == ConnectionPhase.draining)
  }

  @Test func bothEndpointsForgetTheConnectionAfterThreeProbeTimeouts() throws {
    let (pair, client, _, _) = try Pair.connected(try Setups())
    client.close(applicationCode: 0, reason: "")
    pair.run(for: .milliseconds(30))
    #expect(pair.client.endpoint.connectionCount == 1)
    #expect(pair.server.endpoint.connectionCount == 1)
    pair.run(for: .seconds(5))
    #expect(pair.client.endpoint.connectionCount == 0)
    #expect(pair.server.endpoint.connectionCount == 0)
    #expect(pair.client.endpoint.deadline == nil)
  }

  @Test func nothingHoldsAConnectionThatIsOver() throws {
    var (pair, client, server, recorder): (Pair, Connection?, Connection?, StreamRecorder?) = try Pair.connected(try Setups())
    recorder?.send(pattern(1_000))
    pair.run(for: .seconds(1))
    weak let weakClient = client
    weak let weakServer = server
    client?.close(applicationCode: 0, reason: "")
    pair.run(for: .seconds(10))
    pair.client.connections = []
    pair.server.connections = []
    (client, server, recorder) = (nil, nil, nil)
    #expect(weakClient == nil)
    #expect(weakServer == nil)
  }

  @Test func aLostCloseIsRepeatedLessAndLessOften() throws {
    let (pair, client, server, recorder) = try Pair.connected(try Setups())
    let atServer = try #require(server.application as? StreamRecorder)
    let stream = try #require(recorder.send(pattern(10), isFinal: false))
    pair.run(for: .seconds(1))
    var closes = 0
    pair.filter = { packet in
      guard packet.to == .server else { return true }
      closes += 1
      return false
    }
    client.close(applicationCode: 7, reason: "")
    for _ in 0..<10 {
      atServer.append(pattern(5_000), to: stream, isFinal: false)
      pair.run(for: .milliseconds(5))
    }
    // Some fifty packets were answered at the first, third, seventh, fifteenth …
    #expect((2...8).contains(closes))
    // The next one gets through.
    pair.filter = { _ in true }
    for _ in 0..<20 {
      atServer.append(pattern(60_000), to: stream, isFinal: false)
      pair.run(for: .milliseconds(2))
    }
    pair.run(for: .milliseconds(200))
    #expect(pair.server.closure(of: server)?.code == .application(7) || pair.client.endpoint.connectionCount == 0)
  }

  @Test func anErrorOfTheApplicationClosesWithItsCode() throws {
    let (pair, client, server, recorder) = try Pair.connected(try Setups())
    let atServer = try #require(server.application as? StreamRecorder)
    atServer.failure = ApplicationError(code: 0x10a, reason: "the frame was malformed")
    recorder.send(pattern(100))
    pair.run(for: .seconds(1))
    #expect(pair.server.closure(of: server)?.code == .application(0x10a))
    #expect(pair.client.closure(of: client)?.code == .application(0x10a))
    #expect(try #require(pair.client.closure(of: client)).reason.contains("the frame was malformed"))
  }

  @Test func silenceEndsAnIdleConnection() throws {
    var setups = try Setups()
    setups.connection.idleTimeout = .seconds(5)
    let (pair, client, server, _) = try Pair.connected(setups)
    let begin = pair.now
    #expect(pair.run(for: .seconds(20), until: { pair.server.closure(of: server) != nil }))
    #expect(pair.server.closure(of: server)?.cause == .end(.idle))
    #expect((4_900_000_000...5_500_000_000).contains(pair.now - begin))
    pair.run(for: .seconds(1))
    #expect(pair.client.closure(of: client)?.cause == .end(.idle))
    #expect(pair.server.endpoint.connectionCount == 0)
  }

  @Test func keepAliveHoldsAConnectionAndFindsADeadPeer() throws {
    var setups = try Setups()
    setups.connection.idleTimeout = .seconds(5)
    setups.clientConnection.keepAlive = .seconds(2)
    let (pair, client, _, _) = try Pair.connected(setups)
    pair.run(for: .seconds(60))
    #expect(pair.client.closure(of: client) == nil)
    pair.filter = { _ in false }
    #expect(pair.run(for: .seconds(10), until: { pair.client.closure(of: client) != nil }))
    #expect(pair.client.closure(of: client)?.cause == .end(.idle))
  }

  @Test func aHandshakeWithNobodyIsGivenUp() throws {
    let setups = try Setups()
    let pair = Pair()
    pair.filter = { _ in false }
    let begin = pair.now
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    #expect(pair.run(for: .seconds(60), until: { pair.client.closure(of: connection) != nil }))
    #expect(pair.client.closure(of: connection)?.cause == .handshake(.timedOut))
    #expect((9_900_000_000...10_100_000_000).contains(pair.now - begin))
    pair.run(for: .seconds(1))
    #expect(pair.client.endpoint.connectionCount == 0)
  }

  @Test func closingAllEndsEveryConnection() throws {
    let setups = try Setups()
    let (pair, _, _, _) = try Pair.connected(setups)
    for _ in 0..<5 { _ = try pair.connect(try setups.client(StreamRecorder())) }
    pair.run(for: .seconds(1))
    #expect(pair.server.endpoint.connectionCount == 6)
    pair.server.endpoint.closeAll(applicationCode: 0x100, reason: "stopping")
    pair.run(for: .seconds(10))
    #expect(pair.server.endpoint.connectionCount == 0)
    #expect(pair.client.connections.allSatisfy { pair.client.closure(of: $0)?.code == .application(0x100) })
  }

  /// Many connections with their own idle timeouts: each is woken in its time.
  @Test func everyConnectionOfAnEndpointHasItsOwnDeadline() throws {
    var setups = try Setups()
    let pair = Pair()
    pair.server.setup = try setups.server()
    var ends: [(Connection, UInt64)] = []
    for step in 0..<40 {
      setups.clientConnection.idleTimeout = .seconds(1 + (step * 17) % 29)
      ends.append((try pair.connect(try setups.client(StreamRecorder())), UInt64(1 + (step * 17) % 29)))
    }
    pair.run(for: .milliseconds(500))
    for second in 1...30 as ClosedRange<UInt64> {
      pair.run(for: .seconds(1))
      for (connection, timeout) in ends {
        let isOver = pair.client.closure(of: connection) != nil
        #expect(isOver == (timeout <= second), "idle timeout \(timeout) s at \(second) s")
      }
    }
  }

  @Test func aCloseBeforeTheHandshakeIsCompleteIsQuietAndSafe() throws {
    let setups = try Setups()
    let pair = Pair()
    pair.server.setup = try setups.server()
    let early = try pair.connect(try setups.client(StreamRecorder()))
    early.close(applicationCode: 1, reason: "not needed any more")
    let later = try pair.connect(try setups.client(StreamRecorder()))
    pair.run(for: .milliseconds(15))
    later.close(applicationCode: 1, reason: "not needed any more")
    for connection in pair.server.connections { connection.close(applicationCode: 2, reason: "") }
    pair.run(for: .seconds(20))
    #expect(pair.client.closure(of: early)?.cause == .end(.closedByUs))
    #expect(pair.client.endpoint.connectionCount == 0)
    #expect(pair.server.endpoint.connectionCount == 0)
  }
}
