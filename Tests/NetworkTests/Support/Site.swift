import Events
import Exchange
import Gateway
import HTTPMessage
import NIOCore
@testable import Network
import Observability
import QUICTransport
import TestCertificates

/// An origin, a core and an edge in this process, on loopback sockets with ports that the system chose.
struct Site {
  let authority: TestAuthority
  let origin: HandlerServer
  let core: CoreRuntime
  let edge: EdgeRuntime

  /// - Parameters:
  ///   - loopCount: event loops of core and edge each.
  ///   - originScheme: what the core speaks to the origin.
  ///   - edgeLeaf: the edge's certificate, where it is not to be a good one.
  static func start(
    loopCount: Int = 1, originScheme: String = "h2c", access: AccessRules = .defaults, edgeLeaf: TestLeaf? = nil, serverName: String = "localhost"
  ) async throws -> Site {
    let authority = try TestAuthority()
    let origin = try await HandlerServer.start(on: loopback(), name: "echo") { _ in EchoHandler() }
    let service = Service(name: "echo", origins: [try OriginURL("\(originScheme)://127.0.0.1:\(origin.localAddress.port ?? 0)")])
    let core = try await startCore(
      authority: authority, policy: Policy(routing: RoutingTable(services: [service]), access: access), loopCount: loopCount)
    let edge = try await startEdge(
      leaf: edgeLeaf ?? authority.client("edge-1"), authority: authority, corePort: core.localAddress.port, loopCount: loopCount,
      serverName: serverName)
    return Site(authority: authority, origin: origin, core: core, edge: edge)
  }

  static func startCore(
    authority: TestAuthority, policy: Policy, loopCount: Int = 1, port: UInt16 = 0, secret: UInt8 = 7, isSteered: Bool = true,
    listeners: [CoreOptions.Listener] = []
  ) async throws -> CoreRuntime {
    let leaf = try authority.server("localhost")
    guard let listen = Address(ipAddress: "::", port: port) else { throw SiteError.badAddress }
    var options = CoreOptions(
      process: ProcessOptions(role: .core, loopCount: loopCount, drainTimeout: .seconds(5), log: quiet, version: "test"),
      listen: listen,
      tls: TLSConfiguration(
        role: .server, certificateChain: leaf.certificate, privateKey: leaf.key, trustedAuthorities: authority.pem),
      policy: policy, stableName: "core-1", secret: Array(repeating: secret, count: 32))
    options.isSteered = isSteered
    options.listeners = listeners
    return try await CoreRuntime.start(options)
  }

  static func startEdge(
    leaf: TestLeaf, authority: TestAuthority, corePort: UInt16, loopCount: Int = 1, serverName: String = "localhost",
    linkWait: TimeAmount = .seconds(5)
  ) async throws -> EdgeRuntime {
    try await startEdge(
      leaf: leaf, authority: authority, coreHost: "localhost", corePorts: [Int(corePort)], loopCount: loopCount,
      serverName: serverName, linkWait: linkWait)
  }

  static func startEdge(
    leaf: TestLeaf, authority: TestAuthority, coreHost: String = "127.0.0.1", corePorts: [Int], loopCount: Int = 1,
    serverName: String = "localhost", linkWait: TimeAmount = .seconds(5), liveness: LivenessLimits = .defaults,
    preference: LinkPreference = .first
  ) async throws -> EdgeRuntime {
    var limits = NetworkLimits()
    limits.linkWait = linkWait
    var options = EdgeOptions(
      process: ProcessOptions(role: .edge, loopCount: loopCount, drainTimeout: .seconds(5), log: quiet, version: "test"),
      cores: corePorts.map { CoreName(host: coreHost, port: $0) }, preference: preference, serverName: serverName,
      listeners: [.init(name: "default", address: try loopback())],
      tls: TLSConfiguration(
        role: .client, certificateChain: leaf.certificate, privateKey: leaf.key, trustedAuthorities: authority.pem),
      policy: .defaults, limits: limits)
    options.liveness = liveness
    return try await EdgeRuntime.start(options)
  }

  /// A client of the edge's listener.
  func client(_ scheme: String) async throws -> OriginClient {
    try await OriginClient.start(OriginURL("\(scheme)://127.0.0.1:\(edge.listenerAddresses[0].port ?? 0)"))
  }

  func stop() async throws {
    try await edge.drain()
    try await core.drain()
    try await origin.stop()
  }

  static func loopback() throws -> SocketAddress { try SocketAddress(ipAddress: "127.0.0.1", port: 0) }

  private static let quiet = LogSettings(level: .critical, isAccessLogOn: false)
}

enum SiteError: Error {
  case badAddress
  /// These are connected, and others were expected.
  case edges([EdgeFacts])
}
