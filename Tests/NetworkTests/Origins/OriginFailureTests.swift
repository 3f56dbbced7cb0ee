import Exchange
import Gateway
import HTTPMessage
import NIOCore
import Synchronization
import Testing

@testable import Network

/// What counts against an origin of a pool, and where a request goes that it has failed.
@Suite(.alone) struct `An origin of several that fails` {
  private let get = RequestHead(method: "GET", authority: "origin", path: "/")
  private let post = RequestHead(method: "POST", authority: "origin", path: "/", bodyLength: .known(1))

  private func client(
    _ origins: [ScriptedOrigin], _ rules: PoolRules, limit: Duration? = nil, originLimits: OriginLimits = OriginLimits()
  ) async throws -> OriginClient {
    let urls = try origins.map { try OriginURL("http://127.0.0.1:\($0.port)") }
    let service = Service(name: "origin", origins: urls, responseHeadTimeout: limit, pool: rules)
    return try await OriginClient.start(service, originLimits: originLimits)
  }

  /// Closes every connection when a request comes.
  private func resetting() async throws -> ScriptedOrigin {
    try await ScriptedOrigin.start { peer, bytes in if bytes != nil { peer.close() } }
  }

  private func good() async throws -> ScriptedOrigin {
    try await ScriptedOrigin.start { peer, bytes in if bytes != nil { peer.send(ScriptedOrigin.okay) } }
  }

  private func get(_ count: Int, through client: OriginClient) async throws {
    for _ in 0..<count { #expect(try await Call.send(get, through: client.handler).head.status == 200) }
  }

  @Test(arguments: [(0, 10), (1, 1), (3, 3)])
  func `is passed over after so many resets, and requests go to the other`(maximum: Int, asked: Int) async throws {
    let (bad, well) = (try await resetting(), try await good())
    let client = try await client([bad, well], PoolRules(maximumFailures: maximum))
    try await get(20, through: client)
    #expect(bad.acceptedCount == asked)
    try await client.stop()
    try await bad.stop()
    try await well.stop()
  }

  @Test(arguments: [0, 3]) func `to be reached is tried by each request in its turn, and by none twice`(maximum: Int) async throws {
    let gone = try await resetting()
    try await gone.stop()
    let well = try await good()
    let client = try await client([gone, well], PoolRules(maximumFailures: maximum))
    // At once, so that turns mix.
    try await withThrowingTaskGroup(of: Int.self) { tasks in
      for _ in 0..<40 { tasks.addTask { try await Call.send(post, body: [ByteBuffer(string: "x")], through: client.handler).head.status } }
      for try await status in tasks { #expect(status == 200) }
    }
    try await get(10, through: client)
    try await client.stop()
    try await well.stop()
  }

  @Test func `by closing an idle connection has not failed`() async throws {
    // Each connection serves one request and is closed when the next one comes.
    let closing = try await ScriptedOrigin.start { peer, bytes in
      guard bytes != nil else { return }
      if peer.hasPreface { return peer.close() }
      peer.hasPreface = true
      peer.send(ScriptedOrigin.okay)
    }
    let backup = try await good()
    let rules = PoolRules(shares: [OriginShare(), OriginShare(isBackup: true)])
    let client = try await client([closing, backup], rules)
    for _ in 0..<6 {
      try await get(1, through: client)
      // Until the connection is idle.
      try await Task.sleep(for: .milliseconds(30))
    }
    #expect(backup.acceptedCount == 0)
    #expect(closing.acceptedCount == 6)
    try await client.stop()
    try await closing.stop()
    try await backup.stop()
  }

  @Test func `to answer in time fails a safe request over to the other`() async throws {
    let (hung, well) = (try await ScriptedOrigin.silent(), try await good())
    let client = try await client([hung, well], PoolRules(), limit: .milliseconds(300))
    try await get(6, through: client)
    #expect(hung.acceptedCount == 1)
    try await client.stop()
    try await hung.stop()
    try await well.stop()
  }

  @Test func `to answer in time fails what may not be sent twice`() async throws {
    let (hung, well) = (try await ScriptedOrigin.silent(), try await good())
    let client = try await client([hung, well], PoolRules(), limit: .milliseconds(300))
    let error = await #expect(throws: GatewayError.self) {
      try await Call.send(post, body: [ByteBuffer(string: "x")], through: client.handler)
    }
    #expect(error?.cause == .httpResponseTimeout)
    #expect(try await Call.send(post, body: [ByteBuffer(string: "x")], through: client.handler).head.status == 200)
    try await client.stop()
    try await hung.stop()
    try await well.stop()
  }

  @Test func `not, but is full, is asked whether it is well all the same`() async throws {
    let (checks, waiting) = (Count(), Waiting())
    let busy = try await ScriptedOrigin.start { peer, bytes in
      guard let bytes else { return }
      guard String(buffer: bytes).contains("quicgw-health-check") else { return waiting.peers.withLock { $0.append(peer) } }
      checks.value.withLock { $0 += 1 }
      peer.send(ScriptedOrigin.okay)
    }
    let other = try await good()
    var few = OriginLimits()
    few.connections = 1
    let check = HealthCheck(path: "/", interval: .milliseconds(50), timeout: .milliseconds(500), fails: 1)
    let client = try await client([busy, other], PoolRules(check: check), originLimits: few)
    async let first = Call.send(get, through: client.handler)
    #expect(try await eventually { waiting.peers.withLock(\.count) == 1 && checks.value.withLock { $0 } >= 10 })
    let pools = client.pools
    let isOut = try await pools.eventLoop.submit { pools.value.pool(for: Service(name: "origin")).isOut(0) }.get()
    #expect(!isOut)
    for peer in waiting.peers.withLock({ $0 }) { peer.send(ScriptedOrigin.okay) }
    #expect(try await first.head.status == 200)
    try await client.stop()
    try await busy.stop()
    try await other.stop()
  }

  private final class Count: Sendable {
    let value = Mutex(0)
  }

  private final class Waiting: Sendable {
    let peers = Mutex<[ScriptedOrigin.Peer]>([])
  }
}
