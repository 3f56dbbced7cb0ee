import NIOSSL
import TestCertificates
import Testing

@testable import Network

/// Connections with TLS: what breaks off is a reset, and only close_notify an end.
@Suite(.alone) struct `Tunnels under TLS` {
  private func site() async throws -> (listener: TunnelListener, client: TLSSocket) {
    let authority = try TestAuthority()
    let leaf = try authority.server("localhost")
    let certificate = try ListenerCertificate(chain: leaf.certificate, privateKey: leaf.key)
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority.pem))
    let listener = try await TunnelListener.start(tls: certificate.context(for: .tcp))
    let client = try await TLSSocket.connect(to: listener.port, tls: NIOSSLContext(configuration: configuration))
    try await client.send("hello")
    #expect(try await eventually { try await listener.seen()?.text == "hello" })
    return (listener, client)
  }

  private func stop(_ site: (listener: TunnelListener, client: TLSSocket)) async throws {
    try await site.client.stop()
    try await site.listener.stop()
  }

  @Test func `the other side ends by itself`() async throws {
    let site = try await site()
    try await site.listener.send("all")
    try await site.listener.end()
    #expect(try await eventually { site.client.seen.isEnded })
    try await site.client.send(", and more")
    #expect(try await eventually { try await site.listener.seen()?.text == "hello, and more" })
    #expect(try await site.listener.seen()?.isEnded == false)
    site.client.end()
    #expect(try await eventually { try await site.listener.seen()?.isEnded == true })
    #expect(try await eventually { try await site.listener.openCount() == 0 && site.client.seen.isClosed })
    #expect(site.client.seen.text == "all" && !site.client.seen.isBroken)
    #expect(try await site.listener.seen()?.isCancelled == false)
    try await stop(site)
  }

  /// Once with its end behind what it still gets, once together with it, and more of it than a socket takes at once.
  @Test(arguments: [(false, 3), (true, 3), (true, 8 << 20)])
  func `the client ends by itself`(atOnce: Bool, byteCount: Int) async throws {
    let site = try await site()
    site.client.end()
    #expect(try await eventually { try await site.listener.seen()?.isEnded == true })
    try await site.listener.send(String(repeating: "x", count: byteCount))
    if !atOnce {
      #expect(try await eventually { site.client.seen.text == "xxx" })
      #expect(!site.client.seen.isEnded && !site.client.seen.isClosed)
    }
    try await site.listener.end()
    #expect(try await eventually { site.client.seen.isClosed })
    #expect(site.client.seen.isEnded && !site.client.seen.isBroken)
    #expect(site.client.seen.text.utf8.count == byteCount)
    #expect(try await site.listener.seen()?.isCancelled == false)
    #expect(try await eventually { try await site.listener.openCount() == 0 })
    try await stop(site)
  }

  @Test func `a failure is not taken for an end`() async throws {
    let site = try await site()
    try await site.listener.send("a part")
    #expect(try await eventually { site.client.seen.text == "a part" })
    try await site.listener.fail()
    #expect(try await eventually { site.client.seen.isBroken })
    #expect(!site.client.seen.isEnded)
    try await stop(site)
  }

  @Test(arguments: [false, true]) func `a client that breaks off has not ended`(resets: Bool) async throws {
    let site = try await site()
    try await site.client.cut(resets: resets)
    #expect(try await eventually { try await site.listener.seen()?.isCancelled == true })
    #expect(try await site.listener.seen()?.isEnded == false)
    #expect(try await eventually { try await site.listener.openCount() == 0 })
    try await stop(site)
  }
}
