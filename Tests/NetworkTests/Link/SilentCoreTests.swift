import Exchange
import Gateway
import HTTPMessage
import NIOCore
@testable import Network
import TestCertificates
import Testing

/// An edge whose way to its core leads over a relay that goes dark, or leads to another core.
@Suite(.alone) struct `A core that does not answer` {
  /// With times that a test can wait for.
  private static var quick: LivenessLimits {
    var limits = LivenessLimits()
    limits.suspectAfter = .milliseconds(500)
    limits.lostAfter = .seconds(3)
    limits.busyKeepAlive = .milliseconds(200)
    return limits
  }

  /// - Parameter secret: of the second core; with the first one's it resets the connection, with another it does not know how.
  @Test(arguments: [UInt8(7), 8])
  func `a safe request moves to a core that took its place`(secret: UInt8) async throws {
    let place = try await Place.start(liveness: Self.quick)
    async let get = Call.send(RequestHead(method: "GET", authority: "origin", path: "/"), through: place.client.handler)
    try await place.requestsHaveCome(1)
    let second = try await place.replaceCore(secret: secret)
    let answer = try await get
    #expect(answer.head.status == 200)
    #expect(answer.head.fields.text(FieldName("number")) == "2")
    #expect(place.count.current == 2)
    try await place.stop(also: second)
  }

  @Test(arguments: [UInt8(7), 8])
  func `a request that may not be repeated is answered 503 when its connection is lost`(secret: UInt8) async throws {
    let place = try await Place.start(liveness: Self.quick)
    async let post = Call.send(
      RequestHead(method: "POST", authority: "origin", path: "/", bodyLength: .known(4)), body: [ByteBuffer(string: "once")],
      through: place.client.handler)
    try await place.requestsHaveCome(1)
    let second = try await place.replaceCore(secret: secret)
    let answer = try await post
    #expect(answer.head.status == 503)
    #expect(answer.head.fields.text(.proxyStatus)?.contains("destination_unavailable") == true)
    #expect(place.count.current == 1)
    try await place.stop(also: second)
  }

  @Test func `what is open goes on after a black-out, on the connection that it began on`() async throws {
    let place = try await Place.start(liveness: Self.quick, answersAll: true)
    async let upload = Call.send(
      RequestHead(method: "POST", authority: "origin", path: "/", bodyLength: .unknown),
      body: (0..<30).map { ByteBuffer(repeating: UInt8($0), count: 10_000) }, pace: .milliseconds(100),
      through: place.client.handler)
    try await Task.sleep(for: .milliseconds(500))
    place.relay.setDark(true)
    try await Task.sleep(for: .milliseconds(1200))
    place.relay.setDark(false)
    #expect(try await upload.body.readableBytes == 300_000)
    try await place.stop()
  }

  @Test func `requests that come while it is dark are answered when it is light again`() async throws {
    let place = try await Place.start(liveness: Self.quick, answersAll: true)
    place.relay.setDark(true)
    // Makes it suspect.
    async let first = Call.send(RequestHead(method: "GET", authority: "origin", path: "/"), through: place.client.handler)
    try await Task.sleep(for: .seconds(1))
    let began = ContinuousClock.now
    async let second = Call.send(
      RequestHead(method: "POST", authority: "origin", path: "/", bodyLength: .known(4)), body: [ByteBuffer(string: "once")],
      through: place.client.handler)
    try await Task.sleep(for: .milliseconds(500))
    place.relay.setDark(false)
    #expect(try await second.body == ByteBuffer(string: "once"))
    #expect(try await first.head.status == 200)
    #expect(ContinuousClock.now - began < .seconds(3))
    try await place.stop()
  }

  @Test func `another core takes over, and the first gets the requests back`() async throws {
    let authority = try TestAuthority()
    let standby = try await Site.startCore(authority: authority, policy: .defaults)
    let place = try await Place.start(
      authority: authority, liveness: Self.quick, answersAll: true, standby: [Int(standby.localAddress.port)])
    // A core without services answers 404 itself.
    try await place.answers(200)
    place.relay.setDark(true)
    try await place.answers(404)
    place.relay.setDark(false)
    try await place.answers(200)
    try await place.stop(also: standby)
  }
}

/// An origin, a core, a relay before it, and an edge.
private struct Place: Sendable {
  let count: ForgetfulOrigin.Count
  let relay: DatagramRelay
  let client: OriginClient
  private let authority: TestAuthority
  private let origin: HandlerServer
  private let core: CoreRuntime
  private let edge: EdgeRuntime

  /// - Parameters:
  ///   - answersAll: whether the origin echoes; else it is a `ForgetfulOrigin`.
  ///   - standby: the ports of further cores, which the relay does not touch.
  static func start(
    authority: TestAuthority? = nil, liveness: LivenessLimits, answersAll: Bool = false, standby: [Int] = []
  ) async throws -> Place {
    let authority = try authority ?? TestAuthority()
    let count = ForgetfulOrigin.Count()
    let origin = try await HandlerServer.start(on: Site.loopback(), name: "origin") { _ in
      answersAll ? EchoHandler() as any ExchangeHandler : ForgetfulOrigin(count)
    }
    let core = try await Site.startCore(authority: authority, policy: policy(origin))
    let relay = try await DatagramRelay.start(to: core.localAddress.port)
    let edge = try await Site.startEdge(
      leaf: authority.client("edge-1"), authority: authority, corePorts: [relay.port] + standby, liveness: liveness)
    let client = try await OriginClient.start(OriginURL("h2c://127.0.0.1:\(edge.listenerAddresses[0].port ?? 0)"))
    return Place(count: count, relay: relay, client: client, authority: authority, origin: origin, core: core, edge: edge)
  }

  /// The relay leads to a core that knows nothing of the one before, which is left alone.
  func replaceCore(secret: UInt8) async throws -> CoreRuntime {
    let second = try await Site.startCore(authority: authority, policy: Self.policy(origin), secret: secret)
    try relay.lead(to: second.localAddress.port)
    return second
  }

  func requestsHaveCome(_ wanted: Int) async throws {
    try await wait(atMost: .seconds(10)) { count.current >= wanted }
  }

  /// Waits for an answer with this status.
  func answers(_ status: Int) async throws {
    var seen = 0
    try await wait(atMost: .seconds(10)) {
      seen = try await Call.send(RequestHead(method: "GET", authority: "origin", path: "/"), through: client.handler).head.status
      return seen == status
    }
    #expect(seen == status)
  }

  func stop(also other: CoreRuntime? = nil) async throws {
    try await client.stop()
    try await edge.drain()
    try await other?.drain()
    try await core.drain()
    try await relay.stop()
    try await origin.stop()
  }

  private static func policy(_ origin: HandlerServer) throws -> Policy {
    let service = Service(name: "origin", origins: [try OriginURL("h2c://127.0.0.1:\(origin.localAddress.port ?? 0)")])
    return Policy(routing: RoutingTable(services: [service]), access: .defaults)
  }
}
