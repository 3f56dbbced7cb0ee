import Exchange
import Gateway
import HTTPMessage
import NIOCore
import NIOSSL
import Synchronization
import TestCertificates
import Testing

@testable import Network

@Suite(.alone) struct `Connections to origins are opened as they are needed` {
  private let get = RequestHead(method: "GET", authority: "origin", path: "/")

  private func service(_ origins: String..., trust: OriginTrust = .system) throws -> Service {
    try Service(name: "origin", origins: origins.map { try OriginURL($0) }, trust: trust, responseHeadTimeout: nil)
  }

  private func limits(connect: TimeAmount = .milliseconds(200)) -> NetworkLimits {
    var limits = NetworkLimits()
    limits.originConnect = connect
    return limits
  }

  /// The error of a call and how long it took.
  private func failure(of head: RequestHead, through client: OriginClient) async -> (error: GatewayError?, after: Duration) {
    let start = ContinuousClock.now
    let error = await #expect(throws: GatewayError.self) { try await Call.send(head, through: client.handler) }
    return (error, .now - start)
  }

  @Test(arguments: ["https", "h2c"]) func `an origin that accepts and says nothing is tried anew each time`(scheme: String) async throws {
    let origin = try await ScriptedOrigin.silent()
    let client = try await OriginClient.start(service("\(scheme)://127.0.0.1:\(origin.port)"), limits: limits())
    for count in 1...2 {
      let error = await failure(of: get, through: client).error
      #expect(error?.cause == .connectionTimeout)
      #expect(error?.retry == .safe)
      #expect(try await eventually { origin.acceptedCount == count })
    }
    #expect(try await eventually { origin.openCount == 0 })
    try await client.stop()
    try await origin.stop()
  }

  @Test func `a burst to an https origin that speaks HTTP/1.1 is served at once`() async throws {
    let authority = try TestAuthority()
    let leaf = try authority.server("localhost")
    let tls = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: NIOSSLCertificate.fromPEMBytes(leaf.certificate).map { .certificate($0) },
        privateKey: .privateKey(NIOSSLPrivateKey(bytes: leaf.key, format: .pem))))
    let origin = try await ScriptedOrigin.start(tls: tls) { peer, bytes in
      if bytes != nil { peer.send(ScriptedOrigin.okay, after: .milliseconds(250)) }
    }
    let service = try service("https://localhost:\(origin.port)", trust: .authorities(pem: authority.pem))
    let client = try await OriginClient.start(service, limits: limits(connect: .seconds(20)))
    try await expectBurst(of: 8, through: client)
    #expect(origin.acceptedCount == 8)
    try await client.stop()
    try await origin.stop()
  }

  @Test func `a burst to an HTTP/2 origin with few streams is served at once`() async throws {
    let origin = try await ScriptedOrigin.http2(maximumStreams: 2) { peer, stream in
      peer.send(ScriptedOrigin.okay(stream), after: .milliseconds(250))
    }
    let client = try await OriginClient.start(service("h2c://127.0.0.1:\(origin.port)"), limits: limits(connect: .seconds(20)))
    try await expectBurst(of: 8, through: client)
    #expect(origin.acceptedCount >= 4)
    try await client.stop()
    try await origin.stop()
  }

  private func expectBurst(of count: Int, through client: OriginClient) async throws {
    try await withThrowingTaskGroup(of: Int.self) { tasks in
      for _ in 0..<count { tasks.addTask { try await Call.send(get, through: client.handler).head.status } }
      for try await status in tasks { #expect(status == 200) }
    }
  }

  @Test func `who has waited for a connection once does not wait again, and waits no more`() async throws {
    let peers = Peers()
    let origin = try await ScriptedOrigin.start { peer, bytes in
      if bytes != nil { peers.value.withLock { $0.append(peer) } }
    }
    var few = OriginLimits()
    few.connections = 1
    let service = try service("http://127.0.0.1:\(origin.port)", "http://localhost:\(origin.port)")
    let client = try await OriginClient.start(service, limits: limits(connect: .seconds(1)), originLimits: few)
    // Both connections are busy until further notice.
    async let first = Call.send(get, through: client.handler)
    async let second = Call.send(get, through: client.handler)
    #expect(try await eventually { origin.acceptedCount == 2 })
    let (error, duration) = await failure(of: get, through: client)
    #expect(error?.cause == .connectionLimitReached)
    #expect(duration < .milliseconds(3900))
    let pools = client.pools
    #expect(try await pools.eventLoop.submit { pools.value.pool(for: service).waitingCount }.get() == 0)
    #expect(try await eventually { peers.value.withLock(\.count) == 2 })
    for peer in peers.value.withLock({ $0 }) { peer.send(ScriptedOrigin.okay) }
    #expect(try await [first, second].map(\.head.status) == [200, 200])
    try await client.stop()
    try await origin.stop()
  }

  @Test func `who leaves waits no more`() async throws {
    let origin = try await ScriptedOrigin.silent()
    let service = try service("h2c://127.0.0.1:\(origin.port)")
    let client = try await OriginClient.start(service, limits: limits(connect: .seconds(2)))
    let pools = client.pools
    let counts = try await pools.eventLoop.submit {
      let pool = pools.value.pool(for: service)
      let source = RequestOrigin(wire: .http1, identity: nil, peerAddress: "test", listener: "test", isSecure: false)
      let sink = pool.open(ExchangeRequest(head: get, origin: source), respondingTo: NoResponse())
      let before = pool.waitingCount
      sink.cancel(.cancelled)
      return [before, pool.waitingCount]
    }.get()
    #expect(counts == [1, 0])
    try await client.stop()
    try await origin.stop()
  }

  @Test func `requests with content go to an origin that is up`() async throws {
    let down = try await ScriptedOrigin.silent()
    let downPort = down.port
    try await down.stop()
    let up = try await HandlerServer.start(on: Site.loopback(), name: "echo") { _ in EchoHandler() }
    let client = try await OriginClient.start(
      service("http://127.0.0.1:\(downPort)", "http://127.0.0.1:\(up.localAddress.port ?? 0)"))
    let content = ByteBuffer(repeating: 7, count: 100_000)
    for _ in 0..<6 {
      let head = RequestHead(method: "POST", authority: "origin", path: "/", bodyLength: .known(100_000))
      #expect(try await Call.send(head, body: [content], through: client.handler).body == content)
    }
    try await client.stop()
    try await up.stop()
  }

  private final class Peers: Sendable {
    let value = Mutex<[ScriptedOrigin.Peer]>([])
  }

  private final class NoResponse: ResponseSink {
    func receiveInterim(_ head: ResponseHead) {}
    func receiveHead(_ head: ResponseHead) {}
    func receiveResponseBody(_ chunk: ByteBuffer) {}
    func receiveResponseEnd(trailers: FieldSection?) {}
    func fail(_ error: GatewayError) {}
    func stopRequest(_ reason: ResetReason) {}
    func requestConsumed(_ byteCount: Int) {}
  }
}
