import Events
import QUICTransport
import TestCertificates
import Testing
import X509

@Suite struct HandshakeTests {
  @Test func bothSidesProveWhoTheyAre() throws {
    let (pair, client, server, _) = try Pair.connected(try Setups())
    #expect(pair.client.identity(of: client) == "core.test")
    #expect(pair.server.identity(of: server) == "edge-1.test")
    #expect(client.peerIdentity == "core.test")
    #expect(server.applicationProtocol == Array("echo".utf8))
    #expect(server.phase == ConnectionPhase.established)
    #expect(client.phase == ConnectionPhase.established)
    #expect(try #require(server.peerCertificateExpiry) > Setups.unixTime)
    #expect(pair.server.endpoint.handshakesInProgress == 0)
  }

  @Test func anIdentityIsTheSameInAnyCase() throws {
    var setups = try Setups()
    setups.clientLeaf = try setups.authority.client("Edge-1.TEST")
    let (_, _, server, _) = try Pair.connected(setups)
    #expect(server.peerIdentity == "edge-1.test")
  }

  /// Four ways of 1 ms; a pacer that works with the initial round-trip time adds 20 ms.
  @Test func anAnswerTakesTwoRoundTripsFromNothing() throws {
    let pair = Pair(conditions: .init(delay: .milliseconds(1)))
    let setups = try Setups()
    pair.server.setup = try setups.server { _ in
      let recorder = StreamRecorder()
      recorder.echoes = true
      return recorder
    }
    let recorder = StreamRecorder()
    let begin = pair.now
    _ = try pair.connect(try setups.client(recorder))
    pair.run(until: { recorder.transport != nil })
    let stream = try #require(recorder.send(pattern(100)))
    #expect(pair.run(until: { recorder.ended.contains(stream) }))
    #expect(pair.now - begin <= 5_000_000)
  }

  @Test func theProtocolIsTheFirstOfTheServersThatTheClientSpeaks() throws {
    var setups = try Setups()
    setups.clientProtocols = ["a", "b", "c"]
    setups.serverProtocols = ["x", "c", "b"]
    let (_, client, server, _) = try Pair.connected(setups)
    #expect(client.applicationProtocol == Array("c".utf8))
    #expect(server.applicationProtocol == Array("c".utf8))
  }

  @Test func aServerMayBeNamedByItsAddress() throws {
    var setups = try Setups()
    setups.serverName = "192.0.2.200"
    setups.serverLeaf = try setups.authority.leaf(
      [.ipAddress(.init(contentBytes: [192, 0, 2, 200]))], usages: [.serverAuth])
    let (_, client, _, _) = try Pair.connected(setups)
    #expect(client.peerIdentity == "192.0.2.200")
  }

  @Test func aTicketResumesTheSession() throws {
    let setups = try Setups()
    let (pair, first, _, _) = try Pair.connected(setups)
    pair.run(for: .seconds(1))
    let ticket = try #require(pair.client.ticket(of: first))

    let again = try pair.connect(try setups.client(StreamRecorder(), ticket: ticket))
    #expect(pair.run(until: { pair.client.isConfirmed(again) }))
    let server = try #require(pair.server.connections.last)
    #expect(again.isResumed)
    #expect(server.isResumed)
    #expect(pair.server.identity(of: server) == "edge-1.test")
    #expect(pair.client.identity(of: again) == "core.test")
  }

  /// The ticket is good, but the CA that issued the client's certificate is no longer trusted.
  @Test func aResumedClientIsVerifiedAgain() throws {
    var setups = try Setups()
    setups.ticketKey = Array(repeating: 9, count: 64)
    let (pair, first, _, _) = try Pair.connected(setups)
    pair.run(for: .seconds(1))
    let ticket = try #require(pair.client.ticket(of: first))

    let stranger = try TestAuthority(name: "another CA")
    var configuration = TLSConfiguration(
      role: .server, certificateChain: setups.serverLeaf.certificate, privateKey: setups.serverLeaf.key,
      trustedAuthorities: stranger.pem)
    configuration.ticketKey = setups.ticketKey
    pair.server.setup = ServerSetup(
      tls: try TLSContext(configuration, unixTime: Setups.unixTime),
      applications: [ApplicationProtocol(name: Array("echo".utf8), makeApplication: { _ in StreamRecorder() })])
    let refused = try pair.connect(try setups.client(StreamRecorder(), ticket: ticket))
    pair.run(for: .seconds(20), until: { pair.client.closure(of: refused) != nil })
    let served = try #require(pair.server.connections.last)
    #expect(pair.server.closure(of: served)?.cause == .handshake(.unknownAuthority))
    #expect(pair.server.events(of: served).count == 1)
    #expect(pair.client.closure(of: refused)?.cause == .handshake(.refusedByPeer))
  }
}
