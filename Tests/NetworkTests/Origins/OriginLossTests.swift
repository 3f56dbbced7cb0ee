import Exchange
import Gateway
import HTTPMessage
import NIOCore
import Synchronization
import Testing

@testable import Network

@Suite(.alone) struct `A lost connection to an origin is noticed and replaced` {
  private let get = RequestHead(method: "GET", authority: "origin", path: "/")
  private let post = RequestHead(method: "POST", authority: "origin", path: "/", bodyLength: .known(1))

  private func service(_ url: String) throws -> Service {
    try Service(name: "origin", origins: [OriginURL(url)], responseHeadTimeout: nil)
  }

  /// Opens as many connections as there are requests at once.
  private func get(_ count: Int, through client: OriginClient) async throws {
    try await withThrowingTaskGroup(of: Int.self) { tasks in
      for _ in 0..<count { tasks.addTask { try await Call.send(get, through: client.handler).head.status } }
      for try await status in tasks { #expect(status == 200) }
    }
  }

  /// An HTTP/1.1 origin; connections up to `staleCount` are closed when they are used while `isStale`.
  private func origin(_ isStale: Switch, staleCount: Int) async throws -> ScriptedOrigin {
    try await ScriptedOrigin.start { peer, bytes in
      guard bytes != nil else { return }
      if isStale.value.withLock({ $0 }), peer.number < staleCount { return peer.close() }
      peer.send(ScriptedOrigin.okay, after: .milliseconds(100))
    }
  }

  @Test func `a request that met a stale connection gets a fresh one, and the other stale ones are dropped`() async throws {
    let isStale = Switch()
    let origin = try await origin(isStale, staleCount: 6)
    let client = try await OriginClient.start(service("http://127.0.0.1:\(origin.port)"))
    try await get(6, through: client)
    #expect(origin.acceptedCount == 6)
    isStale.value.withLock { $0 = true }
    #expect(try await Call.send(get, through: client.handler).head.status == 200)
    // Those with content are not sent twice, but none meets a stale connection any more.
    for _ in 0..<2 {
      #expect(try await Call.send(post, body: [ByteBuffer(string: "x")], through: client.handler).head.status == 200)
    }
    #expect(origin.acceptedCount > 6)
    try await client.stop()
    try await origin.stop()
  }

  @Test func `one request with content pays for all stale connections`() async throws {
    let isStale = Switch()
    let origin = try await origin(isStale, staleCount: 6)
    let client = try await OriginClient.start(service("http://127.0.0.1:\(origin.port)"))
    try await get(6, through: client)
    isStale.value.withLock { $0 = true }
    let error = await #expect(throws: GatewayError.self) {
      try await Call.send(post, body: [ByteBuffer(string: "x")], through: client.handler)
    }
    #expect(error?.cause == .connectionTerminated)
    #expect(try await Call.send(post, body: [ByteBuffer(string: "x")], through: client.handler).head.status == 200)
    try await client.stop()
    try await origin.stop()
  }

  @Test(arguments: ["http", "h2c"]) func `idle connections are closed`(scheme: String) async throws {
    let isHTTP2 = scheme == "h2c"
    let origin =
      isHTTP2
      ? try await ScriptedOrigin.http2 { peer, stream in peer.send(ScriptedOrigin.okay(stream)) }
      : try await origin(Switch(), staleCount: 0)
    var limits = OriginLimits()
    limits.idle = .milliseconds(200)
    let client = try await OriginClient.start(service("\(scheme)://127.0.0.1:\(origin.port)"), originLimits: limits)
    try await get(1, through: client)
    #expect(origin.acceptedCount == 1)
    #expect(try await eventually { origin.openCount == 0 })
    try await get(1, through: client)
    #expect(origin.acceptedCount == 2)
    try await client.stop()
    try await origin.stop()
  }

  @Test func `an HTTP/2 connection that has gone silent is given up, and its requests go on elsewhere`() async throws {
    let origin = try await ScriptedOrigin.http2 { peer, stream in
      if peer.number > 0 || stream == 1 { peer.send(ScriptedOrigin.okay(stream)) }
    }
    var limits = OriginLimits()
    limits.silence.quiet = .milliseconds(500)
    limits.silence.answer = .milliseconds(500)
    let client = try await OriginClient.start(service("h2c://127.0.0.1:\(origin.port)"), originLimits: limits)
    try await get(1, through: client)
    // The connection has died now; the next request finds it out and is sent again.
    try await get(1, through: client)
    #expect(origin.acceptedCount == 2)
    #expect(try await eventually { origin.openCount == 1 })
    try await client.stop()
    try await origin.stop()
  }

  @Test func `an HTTP/2 origin that is silent but answers PING is waited for`() async throws {
    let origin = try await ScriptedOrigin.http2(answersPing: true) { peer, stream in
      peer.send(ScriptedOrigin.okay(stream), after: .milliseconds(1600))
    }
    var limits = OriginLimits()
    limits.silence.quiet = .milliseconds(200)
    limits.silence.answer = .seconds(1)
    let client = try await OriginClient.start(service("h2c://127.0.0.1:\(origin.port)"), originLimits: limits)
    try await get(1, through: client)
    #expect(origin.acceptedCount == 1)
    try await client.stop()
    try await origin.stop()
  }

  @Test func `an HTTP/2 connection on which an answer was late gets no further requests`() async throws {
    let origin = try await ScriptedOrigin.http2(answersPing: true) { peer, stream in
      if peer.number > 0 { peer.send(ScriptedOrigin.okay(stream)) }
    }
    let service = try Service(
      name: "origin", origins: [OriginURL("h2c://127.0.0.1:\(origin.port)")], responseHeadTimeout: .seconds(1))
    let client = try await OriginClient.start(service)
    let error = await #expect(throws: GatewayError.self) { try await Call.send(get, through: client.handler) }
    #expect(error?.cause == .httpResponseTimeout)
    try await get(1, through: client)
    #expect(origin.acceptedCount == 2)
    #expect(try await eventually { origin.openCount == 1 })
    try await client.stop()
    try await origin.stop()
  }

  @Test func `a pool that drains while it connects serves who waits and closes`() async throws {
    let origin = try await ScriptedOrigin.http2(settingsAfter: .milliseconds(200)) { peer, stream in
      peer.send(ScriptedOrigin.okay(stream))
    }
    var limits = NetworkLimits()
    limits.originConnect = .seconds(20)
    let client = try await OriginClient.start(service("h2c://127.0.0.1:\(origin.port)"), limits: limits)
    async let status = Call.send(get, through: client.handler).head.status
    #expect(try await eventually { origin.acceptedCount == 1 })
    let pools = client.pools
    try await pools.eventLoop.submit { pools.value.drain() }.get()
    #expect(try await status == 200)
    #expect(try await eventually { origin.openCount == 0 })
    try await client.stop()
    try await origin.stop()
  }

  @Test func `a connection that is ready when its pool is gone closes`() async throws {
    let origin = try await ScriptedOrigin.http2(settingsAfter: .milliseconds(300)) { _, _ in }
    let client = try await OriginClient.start(service("http://127.0.0.1:1"))
    let pools = client.pools
    let other = try Service(name: "other", origins: [OriginURL("h2c://127.0.0.1:\(origin.port)")], responseHeadTimeout: nil)
    let tls = try OriginTLSContexts(services: [])
    let get = get
    try await pools.eventLoop.submit {
      let source = RequestOrigin(wire: .http1, identity: nil, peerAddress: "test", listener: "test", isSecure: false)
      pools.value.pool(for: other).open(ExchangeRequest(head: get, origin: source), respondingTo: Ignoring()).cancel(.cancelled)
      pools.value.reload(services: [], tls: tls)
    }.get()
    #expect(try await eventually { origin.acceptedCount == 1 })
    #expect(try await eventually { origin.openCount == 0 })
    try await client.stop()
    try await origin.stop()
  }

  private final class Switch: Sendable {
    let value = Mutex(false)
  }

  private final class Ignoring: ResponseSink {
    func receiveInterim(_ head: ResponseHead) {}
    func receiveHead(_ head: ResponseHead) {}
    func receiveResponseBody(_ chunk: ByteBuffer) {}
    func receiveResponseEnd(trailers: FieldSection?) {}
    func fail(_ error: GatewayError) {}
    func stopRequest(_ reason: ResetReason) {}
    func requestConsumed(_ byteCount: Int) {}
  }
}
