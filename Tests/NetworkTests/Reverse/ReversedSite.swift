import Events
import Exchange
import Gateway
import HTTPMessage
import NIOCore
@testable import Network
import Observability
import QUICTransport
import TestCertificates

/// A core, edges that expose an echoing origin to it, and gateways on each of the core's loops that lead to any edge, on
/// loopback.
final class ReversedSite {
  let authority: TestAuthority
  let origin: HandlerServer
  private(set) var core: CoreRuntime
  private(set) var gateways: [NIOLoopBound<any ExchangeHandler>]
  private(set) var edges: [EdgeRuntime] = []
  private var leaves: [String: TestLeaf] = [:]
  private let loopCount: Int

  static func start(loopCount: Int = 2) async throws -> ReversedSite {
    let authority = try TestAuthority()
    let origin = try await HandlerServer.start(on: Site.loopback(), name: "echo") { _ in EchoHandler() }
    let core = try await Site.startCore(authority: authority, policy: Self.policy, loopCount: loopCount)
    return ReversedSite(authority, origin, core, try await gateways(of: core), loopCount)
  }

  private init(
    _ authority: TestAuthority, _ origin: HandlerServer, _ core: CoreRuntime, _ gateways: [NIOLoopBound<any ExchangeHandler>],
    _ loopCount: Int
  ) {
    self.authority = authority
    self.origin = origin
    self.core = core
    self.gateways = gateways
    self.loopCount = loopCount
  }

  /// - Parameters:
  ///   - ports: of its cores; nil for the site's own core.
  ///   - listener: where applications on the node connect to.
  @discardableResult
  func startEdge(
    _ identity: String = "edge-1", exposing services: [String] = ["echo"], ports: [UInt16]? = nil, ticketFolder: String? = nil,
    listener: SocketAddress? = nil
  ) async throws -> EdgeRuntime {
    var options = EdgeOptions(
      process: ProcessOptions(
        role: .edge, loopCount: 1, drainTimeout: .seconds(5), log: LogSettings(level: .critical, isAccessLogOn: false), version: "test"),
      cores: (ports ?? [core.localAddress.port]).map { CoreName(host: "127.0.0.1", port: Int($0)) }, serverName: "localhost",
      listeners: listener.map { [.init(name: "default", address: $0)] } ?? [], tls: try tls(of: identity), policy: .defaults)
    options.exposed = try exposure(of: services).policy
    options.ticketFolder = ticketFolder
    let edge = try await EdgeRuntime.start(options)
    edges.append(edge)
    return edge
  }

  func tls(of identity: String) throws -> TLSConfiguration {
    let leaf = try leaves[identity] ?? authority.client(identity)
    leaves[identity] = leaf
    return TLSConfiguration(
      role: .client, certificateChain: leaf.certificate, privateKey: leaf.key, trustedAuthorities: authority.pem)
  }

  func exposure(of services: [String] = ["echo"], labels: [String: String] = [:]) throws -> EdgeExposure {
    let url = try OriginURL("h2c://127.0.0.1:\(origin.localAddress.port ?? 0)")
    return EdgeExposure(policy: Policy(routing: RoutingTable(services: services.map { Service(name: $0, origins: [url]) })), labels: labels)
  }

  /// Sends a request to any edge that exposes `echo`, from one of the core's loops.
  func call(
    _ method: String = "GET", path: String = "/", body: [ByteBuffer] = [], trailers: FieldSection? = nil, fields: FieldSection = [:],
    onLoop index: Int = 0
  ) async throws -> Call.Answer {
    try await Call.send(
      RequestHead(method: method, authority: "api.example", path: path, fields: fields, bodyLength: body.isEmpty ? .none : .unknown),
      body: body, trailers: trailers, through: gateways[index])
  }

  /// Waits until so many edges are connected.
  func wait(forEdges count: Int) async throws {
    try await wait { $0.count == count }
  }

  func wait(until holds: ([EdgeFacts]) -> Bool) async throws {
    for _ in 0..<1000 {
      if holds(try await core.connectedEdges()) { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw SiteError.edges(try await core.connectedEdges())
  }

  func restartCore() async throws {
    let port = core.localAddress.port
    try await core.drain()
    core = try await Site.startCore(authority: authority, policy: Self.policy, loopCount: loopCount, port: port)
    gateways = try await Self.gateways(of: core)
  }

  func stop(_ edge: EdgeRuntime) async throws {
    edges.removeAll { $0 === edge }
    try await edge.drain()
  }

  func stop() async throws {
    for edge in edges { try await edge.drain() }
    try await core.drain()
    try await origin.stop()
  }

  private static func gateways(of core: CoreRuntime) async throws -> [NIOLoopBound<any ExchangeHandler>] {
    var gateways: [NIOLoopBound<any ExchangeHandler>] = []
    for each in core.cores {
      gateways.append(
        try await each.eventLoop.submit { NIOLoopBound(each.value.edgeGateway as any ExchangeHandler, eventLoop: each.eventLoop) }.get())
    }
    return gateways
  }

  /// Requests of these tests go to any edge that exposes `echo`.
  private static let policy = {
    var policy = Policy.defaults
    policy.edgeRoutes = EdgeRoutes(["test": .fixed(EdgeTarget(service: "echo", edges: .group([:])))])
    return policy
  }()
}
