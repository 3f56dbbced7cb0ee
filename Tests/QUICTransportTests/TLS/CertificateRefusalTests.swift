import Events
import NIOCore
import QUICTransport
import TestCertificates
import Testing
import X509

/// Who is refused, what each side says about it, and that nobody is served meanwhile.
@Suite struct CertificateRefusalTests {
  @Test func aClientOfAnotherAuthority() throws {
    var setups = try Setups()
    setups.clientLeaf = try TestAuthority(name: "another CA").client("edge-1.test")
    let (atServer, atClient) = try refusal(setups)
    #expect(atServer?.cause == .handshake(.unknownAuthority))
    #expect(atClient?.cause == .handshake(.refusedByPeer))
    #expect(atClient?.code == .transport(0x100 + 48))
  }

  @Test func aClientWhoseCertificateHasExpired() throws {
    var setups = try Setups()
    setups.clientLeaf = try setups.authority.client("edge-1.test", valid: .past)
    let (atServer, atClient) = try refusal(setups, clockAtClient: Setups.unixTime - 86_400 * 5)
    #expect(atServer?.cause == .handshake(.certificateExpired))
    #expect(atClient?.code == .transport(0x100 + 45))
  }

  @Test func aClientWithoutAName() throws {
    var setups = try Setups()
    setups.clientLeaf = try setups.authority.client()
    let (atServer, atClient) = try refusal(setups)
    #expect(atServer?.cause == .handshake(.noIdentity))
    #expect(atClient?.cause == .handshake(.refusedByPeer))
  }

  @Test func aClientWithTwoNames() throws {
    var setups = try Setups()
    setups.clientLeaf = try setups.authority.client("edge-1.test", "edge-2.test")
    #expect(try refusal(setups).atServer?.cause == .handshake(.noIdentity))
  }

  @Test func aClientWithAServersCertificate() throws {
    var setups = try Setups()
    setups.clientLeaf = try setups.authority.server("edge-1.test")
    let cause = try refusal(setups).atServer?.cause
    #expect(cause == .handshake(.certificateRejected) || cause == .handshake(.noIdentity))
  }

  @Test func aClientWhoseCertificateIsForNoUseInParticular() throws {
    var setups = try Setups()
    setups.clientLeaf = try setups.authority.leaf([.dnsName("edge-1.test")], usages: [])
    let (atServer, atClient) = try refusal(setups)
    #expect(atServer?.cause == .handshake(.certificateRejected))
    #expect(atServer?.reason.contains("clientAuth") == true)
    #expect(atClient?.reason.contains("clientAuth") == true)
  }

  @Test func aServerOfAnotherAuthority() throws {
    var setups = try Setups()
    setups.clientAuthority = try TestAuthority(name: "another CA")
    let (atServer, atClient) = try refusal(setups)
    #expect(atClient?.cause == .handshake(.unknownAuthority))
    #expect(atServer?.cause == .handshake(.refusedByPeer))
    #expect(atServer?.reason.contains("its CA is not in the peer's CA file") == true)
  }

  @Test func aServerWithAnotherName() throws {
    var setups = try Setups()
    setups.serverName = "other.test"
    let (atServer, atClient) = try refusal(setups)
    #expect(atClient?.cause == .handshake(.wrongName))
    #expect(atServer?.cause == .handshake(.refusedByPeer))
    // The server's operator is told which of the many causes it was.
    #expect(atServer?.reason.contains("bad_certificate") == true)
    #expect(atServer?.reason.contains("is not for other.test") == true)
  }

  @Test func noCommonApplicationProtocol() throws {
    var setups = try Setups()
    setups.clientProtocols = ["other"]
    let (atServer, atClient) = try refusal(setups)
    #expect(atServer?.cause == .handshake(.wrongApplicationProtocol))
    #expect(atClient?.cause == .handshake(.wrongApplicationProtocol))
  }

  @Test func aWildcardIsNoIdentity() throws {
    var setups = try Setups()
    setups.clientLeaf = try setups.authority.client("*.test")
    let (atServer, _) = try refusal(setups)
    #expect(atServer?.cause == .handshake(.noIdentity))
    #expect(atServer?.reason.contains("wildcard *.test") == true)
  }

  @Test func aSentenceSaysWhatToDo() throws {
    var setups = try Setups()
    setups.clientLeaf = try setups.authority.client("edge-1.test", "edge-2.test")
    let (atServer, atClient) = try refusal(setups)
    #expect(try #require(atServer?.reason).contains("exactly one"))
    // The peer's own words reach the operator of the other side.
    #expect(try #require(atClient?.reason).contains("exactly one"))
  }

  /// Runs a handshake that must fail, and tells how each side saw it.
  private func refusal(
    _ setups: Setups, clockAtClient: Int64 = Setups.unixTime
  ) throws -> (atServer: ConnectionClosure?, atClient: ConnectionClosure?) {
    let pair = Pair()
    pair.server.setup = try setups.server()
    let recorder = StreamRecorder()
    var client = TLSConfiguration(
      role: .client, certificateChain: setups.clientLeaf.certificate, privateKey: setups.clientLeaf.key,
      trustedAuthorities: setups.clientAuthority.pem)
    client.identity = .dnsName
    let connection = try pair.connect(
      ClientSetup(
        tls: try TLSContext(client, unixTime: clockAtClient), connection: setups.clientConnection,
        applications: setups.clientProtocols.map { name in
          ApplicationProtocol(name: Array(name.utf8), makeApplication: { _ in recorder })
        },
        serverName: setups.serverName))
    pair.run(for: .seconds(20))
    #expect(!pair.client.isConfirmed(connection))
    #expect(pair.server.endpoint.connectionCount == 0)
    #expect(pair.client.endpoint.connectionCount == 0)
    return (pair.server.closure(of: pair.server.connections.first), pair.client.closure(of: connection))
  }
}
