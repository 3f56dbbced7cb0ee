import Crypto
import Events
import Foundation
import GatewayConfig
import HTTP3
import HTTPMessage
import NIOCore
import Network
import Observability
import QUICTransport

// From what a configuration says to what the runtimes take.

extension CoreOptions {
  /// - Parameter running: for a reload, what the process runs with; it keeps the limits and the name of those.
  /// - Throws: `CommandError` when `listen` or `admin` is a name that cannot be resolved.
  init(_ configuration: CoreConfiguration, running: CoreOptions? = nil) throws {
    let credentials = configuration.credentials
    var tls = TLSConfiguration(credentials, role: .server)
    tls.identity = configuration.identity == .uri ? .uri : .dnsName
    tls.logsKeys = configuration.process.logsKeys
    // The key outlives the process and is as secret as reset keys have to be; each replica's name makes them its own.
    let secret = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: credentials.privateKey), info: Data("quicgw stateless reset".utf8), outputByteCount: 32
    )
    self.init(
      process: try ProcessOptions(configuration.process, role: .core), listen: try configuration.listen.datagramAddress(),
      tls: tls, policy: configuration.policy, connection: ConnectionConfiguration(configuration.process.transport),
      http3: HTTP3Configuration(configuration.process), limits: NetworkLimits(configuration.process.limits),
      stableName: running?.stableName ?? configuration.name ?? "\(ProcessInfo.processInfo.hostName):\(configuration.listen.port)",
      secret: secret.bytes,
      usesSegmentation: configuration.process.transport.gso == .auto)
    listeners = try configuration.listeners.map { listener in
      Listener(
        name: listener.name, address: try listener.address.streamAddress(), kind: listener.kind == .tcp ? .tcp : .http,
        certificate: try listener.certificate.map(Network.ListenerCertificate.init))
    }
    edgeWait = configuration.edgeWait
    mayBeRepeated = { [idempotent = configuration.idempotent] in idempotent.include($0) }
    modules = try ModuleOptions(configuration.modules)
    let limits = running?.connection ?? connection
    let shared = configuration.earlyData.ticketKeys.map { ticketKey($0, isShared: true, under: limits) }
    self.tls.ticketKey = shared.first ?? ticketKey(credentials.privateKey, isShared: false, under: limits)
    self.tls.furtherTicketKeys = Array(shared.dropFirst())
    let folder = configuration.earlyData.record ?? StateFolder.path
    let fileName = stableName.map { $0 == "/" ? "_" : String($0) }.joined()
    secretFile = folder.map { "\($0)/\(fileName).secret" }
    if configuration.earlyData.accept == .on {
      earlyData = EarlyDataOptions(redis: configuration.earlyData.redis.map { RedisOptions($0) })
      earlyData?.recordFile = folder.map { "\($0)/\(fileName).flights" }
    } else {
      earlyData = nil
    }
  }

  /// As durable as the reset keys. A server that takes early data must not lower what it allowed when it gave the ticket (RFC
  /// 9000 §7.4.1), so tickets end when that changes.
  ///
  /// - Parameters:
  ///   - isShared: cores that share it must make the same of it. Others, with the same private key for all, must not: they have
  ///     records of their own of what they took.
  ///   - limits: those that connections are given.
  private func ticketKey(_ material: [UInt8], isShared: Bool, under limits: ConnectionConfiguration) -> [UInt8] {
    let allowed = [
      limits.connectionWindowBytes, limits.bidirectionalStreamWindowBytes, limits.unidirectionalStreamWindowBytes,
      limits.bidirectionalStreamLimit, limits.unidirectionalStreamLimit,
    ]
    let info = "quicgw session tickets 1 \(isShared ? "shared" : stableName) \(allowed.map(String.init).joined(separator: " "))"
    return HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: material), info: Data(info.utf8), outputByteCount: 64
    ).bytes
  }
}

/// Where the service manager lets this process keep files: systemd's `StateDirectory=`; the first, where there are several.
private enum StateFolder {
  static var path: String? {
    ProcessInfo.processInfo.environment["STATE_DIRECTORY"]?.split(separator: ":").first.map(String.init)
  }
}

extension EdgeOptions {
  /// - Throws: `CommandError` when an address to listen on is a name that cannot be resolved.
  init(_ configuration: EdgeConfiguration) throws {
    var tls = TLSConfiguration(configuration.credentials, role: .client)
    tls.logsKeys = configuration.process.logsKeys
    self.init(
      process: try ProcessOptions(configuration.process, role: .edge),
      cores: configuration.upstream.map { CoreName(host: $0.host, port: Int($0.port)) },
      preference: configuration.preference == .spread ? .spread : .first, serverName: configuration.serverName,
      listeners: try configuration.listeners.map { listener in
        Listener(
          name: listener.name, address: try listener.address.streamAddress(), kind: .init(listener.kind),
          certificate: try listener.certificate.map(Network.ListenerCertificate.init))
      },
      tls: tls, policy: configuration.policy, connection: ConnectionConfiguration(configuration.process.transport),
      http3: HTTP3Configuration(configuration.process), limits: NetworkLimits(configuration.process.limits),
      usesSegmentation: configuration.process.transport.gso == .auto)
    exposed = configuration.exposed
    labels = configuration.labels
    modules = try ModuleOptions(configuration.modules)
    usesEarlyData = configuration.earlyData.send == .on
    ticketFolder = configuration.earlyData.tickets ?? StateFolder.path
    mayBeRepeated = { [idempotent = configuration.idempotent] in idempotent.include($0) }
    limits.linkWait = TimeAmount(configuration.link.requestWait)
    liveness.suspectAfter = configuration.link.suspectAfter
    liveness.lostAfter = configuration.link.lostAfter
    liveness.idleKeepAlive = configuration.link.keepAlive
  }
}

extension Network.ListenerCertificate {
  fileprivate init(_ certificate: GatewayConfig.ListenerCertificate) throws {
    try self.init(chain: certificate.chain, privateKey: certificate.privateKey)
  }
}

extension ListenerKind {
  fileprivate init(_ kind: EdgeConfiguration.Listener.Kind) {
    self =
      switch kind {
      case .http: .http
      case .tcp: .tcp
      case .proxy: .proxy
      }
  }
}

extension ProcessOptions {
  fileprivate init(_ settings: ProcessSettings, role: Role) throws {
    self.init(
      role: role, loopCount: settings.loops ?? Self.defaultLoopCount(role), admin: try settings.admin?.streamAddress(),
      drainTimeout: settings.drainTimeout, log: Observability.LogSettings(settings.log), qlog: settings.qlog,
      version: Version.current)
  }
}

extension ProcessOptions {
  /// The edges of a core spread over its loops. An edge's one connection lives on one, and a second would only make requests
  /// cross between threads.
  private static func defaultLoopCount(_ role: Role) -> Int { role == .core ? System.coreCount : 1 }
}

extension Observability.LogSettings {
  init(_ settings: GatewayConfig.LogSettings) {
    self.init(
      format: settings.format == .json ? .json : .text, level: LogLevel(rawValue: settings.level.rawValue) ?? .info,
      isAccessLogOn: settings.access)
  }
}

extension NetworkLimits {
  fileprivate init(_ settings: LimitSettings) {
    self.init()
    requestHead = TimeAmount(settings.requestHead)
    idleClient = TimeAmount(settings.idleClient)
    originConnect = TimeAmount(settings.connect)
    messages = MessageLimits(settings)
    tunnels.perOrigin = settings.tunnelsPerOrigin
    tunnels.perPeer = settings.tunnelsPerPeer
    tunnels.connecting = settings.tunnelsConnecting
  }
}

extension MessageLimits {
  fileprivate init(_ settings: LimitSettings) {
    self.init()
    sectionBytes = settings.fields.bytes
    valueBytes = settings.fieldValue.bytes
  }
}

extension ConnectionConfiguration {
  fileprivate init(_ settings: TransportSettings) {
    self.init()
    connectionWindowBytes = UInt64(settings.connectionBudget.bytes)
    bidirectionalStreamLimit = UInt64(settings.maxStreams)
    idleTimeout = settings.idleTimeout
    congestionControl = settings.congestionControl == .bbr2 ? .bbr2 : .cubic
    maximumDatagramBytes = settings.maxUDPPayload
    shield =
      switch settings.shield {
      case .off: .off
      case .auto: .auto
      case .always: .always
      }
  }
}

extension HTTP3Configuration {
  fileprivate init(_ settings: ProcessSettings) {
    self.init()
    limits = MessageLimits(settings.limits)
    // The other half is for what the wires behind this one hold of the same bytes, and on a long link for larger windows.
    receiveBudgetBytes = settings.transport.connectionBudget.bytes / 2
    maximumConcurrentStreams = settings.transport.maxStreams
  }
}

extension TLSConfiguration {
  fileprivate init(_ credentials: Credentials, role: Role) {
    self.init(
      role: role, certificateChain: credentials.certificateChain, privateKey: credentials.privateKey,
      trustedAuthorities: credentials.authorities)
  }
}

extension HostPort {
  /// - Throws: `CommandError` when the host is a name that cannot be resolved.
  func streamAddress() throws -> SocketAddress {
    do {
      return try SocketAddress.makeAddressResolvingHost(host, port: Int(port))
    } catch {
      throw CommandError.configuration("\(self) is no address to listen on: the name \(host) cannot be resolved")
    }
  }

  fileprivate func datagramAddress() throws -> Address {
    let resolved = try streamAddress()
    guard let host = resolved.ipAddress, let address = Address(ipAddress: host, port: port) else {
      throw CommandError.configuration("\(self) is no address to listen on: write an IP address and a port, as in [::]:4433")
    }
    return address
  }
}
