import Exchange
import Gateway
import HTTPMessage
import NIOCore
@testable import Network
import Observability
import QUICTransport
import TestCertificates
import Testing

/// What clients in the cloud find at a core's listeners.
@Suite(.alone) struct `A core listens for services of edges` {
  private static let route = EdgeRoute.fixed(EdgeTarget(service: "echo", edges: .edge("edge-1")))

  private func site(
    secured: TestLeaf? = nil, authority: TestAuthority, isStarted: Bool = true
  ) async throws -> (core: CoreRuntime, edge: EdgeRuntime?, origin: HandlerServer) {
    let origin = try await HandlerServer.start(on: Site.loopback(), name: "echo") { _ in EchoHandler() }
    var policy = Policy.defaults
    policy.edgeRoutes = EdgeRoutes(["cloud": Self.route, "test": Self.route])
    let certificate = try secured.map { try ListenerCertificate(chain: $0.certificate, privateKey: $0.key) }
    let core = try await Site.startCore(
      authority: authority, policy: policy, loopCount: 2,
      listeners: [CoreOptions.Listener(name: "cloud", address: Site.loopback(), certificate: certificate)])
    guard isStarted else { return (core, nil, origin) }
    let leaf = try authority.client("edge-1")
    var options = EdgeOptions(
      process: ProcessOptions(
        role: .edge, loopCount: 1, drainTimeout: .seconds(5), log: LogSettings(level: .critical, isAccessLogOn: false), version: "test"),
      cores: [CoreName(host: "127.0.0.1", port: Int(core.localAddress.port))], serverName: "localhost", listeners: [],
      tls: TLSConfiguration(
        role: .client, certificateChain: leaf.certificate, privateKey: leaf.key, trustedAuthorities: authority.pem),
      policy: .defaults)
    let service = Service(name: "echo", origins: [try OriginURL("h2c://127.0.0.1:\(origin.localAddress.port ?? 0)")])
    options.exposed = Policy(routing: RoutingTable(services: [service], isStrict: true))
    let edge = try await EdgeRuntime.start(options)
    for _ in 0..<500 where try await core.connectedEdges().isEmpty { try await Task.sleep(for: .milliseconds(10)) }
    return (core, edge, origin)
  }

  private func stop(_ site: (core: CoreRuntime, edge: EdgeRuntime?, origin: HandlerServer)) async throws {
    try await site.edge?.drain()
    try await site.core.drain()
    try await site.origin.stop()
  }

  @Test(arguments: ["http", "h2c"]) func `requests cross to the edge and back`(scheme: String) async throws {
    let site = try await site(authority: TestAuthority())
    let client = try await OriginClient.start(OriginURL("\(scheme)://127.0.0.1:\(site.core.listenerAddresses[0].port ?? 0)"))
    for size in [0, 1, 300_000] {
      let content = ByteBuffer(repeating: 7, count: size)
      let head = RequestHead(method: "POST", authority: "cloud.example", path: "/x?y", bodyLength: size == 0 ? .none : .unknown)
      let answer = try await Call.send(head, body: size == 0 ? [] : [content], through: client.handler)
      #expect(answer.head.status == 200)
      #expect(answer.head.fields.text(FieldName("saw-authority")) == "cloud.example")
      #expect(answer.body == content)
    }
    let edges = try await site.core.connectedEdges()
    #expect(edges.map(\.identity) == ["edge-1"])
    #expect(edges.first?.services == ["echo"])
    #expect((edges.first?.packetsSent ?? 0) > 0)
    try await client.stop()
    try await stop(site)
  }

  @Test func `clients are shown a certificate, and after a reload a new one`() async throws {
    let (authority, first, second) = (try TestAuthority(), try TestAuthority(), try TestAuthority())
    let site = try await site(secured: first.server("localhost"), authority: authority)
    let url = try OriginURL("https://localhost:\(site.core.listenerAddresses[0].port ?? 0)")

    func status(trusting authority: TestAuthority) async throws -> Int {
      let client = try await OriginClient.start(
        Service(name: "origin", origins: [url], trust: .authorities(pem: authority.pem), responseHeadTimeout: nil))
      let result = await Result { try await Call.send(RequestHead(method: "GET", authority: "a", path: "/"), through: client.handler) }
      try await client.stop()
      return try result.get().head.status
    }

    #expect(try await status(trusting: first) == 200)
    let error = await #expect(throws: GatewayError.self) { try await status(trusting: second) }
    #expect(error?.cause == .tlsCertificateError)
    let (own, renewed) = (try authority.server("localhost"), try second.server("localhost"))
    var policy = Policy.defaults
    policy.edgeRoutes = EdgeRoutes(["cloud": Self.route])
    try await site.core.reload(
      tls: TLSConfiguration(role: .server, certificateChain: own.certificate, privateKey: own.key, trustedAuthorities: authority.pem),
      policy: policy,
      listeners: [
        CoreOptions.Listener(
          name: "cloud", address: Site.loopback(),
          certificate: try ListenerCertificate(chain: renewed.certificate, privateKey: renewed.key))
      ])
    #expect(try await status(trusting: second) == 200)
    try await stop(site)
  }

  @Test func `a certificate and a key that do not fit are refused before anything is changed`() throws {
    let authority = try TestAuthority()
    let (first, second) = (try authority.server("localhost"), try authority.server("localhost"))
    #expect(throws: (any Error).self) { try ListenerCertificate(chain: first.certificate, privateKey: second.key) }
    #expect(throws: (any Error).self) { try ListenerCertificate(chain: [], privateKey: first.key) }
  }

  @Test func `a core that drains takes no more connections`() async throws {
    let site = try await site(authority: TestAuthority(), isStarted: false)
    let port = site.core.listenerAddresses[0].port ?? 0
    try await stop(site)
    let client = try await OriginClient.start(OriginURL("http://127.0.0.1:\(port)"))
    let error = await #expect(throws: GatewayError.self) {
      try await Call.send(RequestHead(method: "GET", authority: "a", path: "/"), through: client.handler)
    }
    #expect(error?.cause == .connectionRefused)
    try await client.stop()
  }

  @Test func `edges serve what listeners have accepted until it is over`() async throws {
    let site = try await site(authority: TestAuthority())
    let client = try await OriginClient.start(OriginURL("h2c://127.0.0.1:\(site.core.listenerAddresses[0].port ?? 0)"))
    let loop = site.core.cores[0]
    let gateway = try await loop.eventLoop.submit {
      NIOLoopBound(loop.value.edgeGateway as any ExchangeHandler, eventLoop: loop.eventLoop)
    }.get()
    let chunks = (0..<10).map { ByteBuffer(repeating: UInt8($0), count: 1000) }
    async let slow = Call.send(
      RequestHead(method: "POST", authority: "cloud.example", path: "/slow", bodyLength: .unknown), body: chunks,
      pace: .milliseconds(100), through: client.handler)
    try await Task.sleep(for: .milliseconds(300))
    async let drained: Void = site.core.drain()
    try await Task.sleep(for: .milliseconds(200))
    // As a request that had begun to come before the listener was drained.
    let late = try await Call.send(RequestHead(method: "GET", authority: "cloud.example", path: "/"), through: gateway)
    #expect(late.head.status == 200)
    #expect(try await slow.body.readableBytes == 10_000)
    try await drained
    try await client.stop()
    try await site.edge?.drain()
    try await site.origin.stop()
  }

  @Test func `an address that is taken is an error, and nothing stays open`() async throws {
    let authority = try TestAuthority()
    let site = try await site(authority: authority, isStarted: false)
    let taken = site.core.listenerAddresses[0]
    await #expect(throws: ListenError.self) {
      try await Site.startCore(
        authority: authority, policy: .defaults,
        listeners: [
          CoreOptions.Listener(name: "free", address: Site.loopback()), CoreOptions.Listener(name: "taken", address: taken),
        ])
    }
    try await stop(site)
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
