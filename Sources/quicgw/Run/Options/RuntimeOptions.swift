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
  /// - Throws: `CommandError` when `listen` or `admin` is a name that cannot be resolved.
  init(_ configuration: CoreConfiguration) throws {
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
      stableName: configuration.name ?? ProcessInfo.processInfo.hostName, secret: secret.bytes,
      usesSegmentation: configuration.process.transport.gso == .auto)
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
      listeners: try configuration.listeners.map { Listener(name: $0.name, address: try $0.address.streamAddress()) },
      tls: tls, policy: configuration.policy, connection: ConnectionConfiguration(configuration.process.transport),
      http3: HTTP3Configuration(configuration.process), limits: NetworkLimits(configuration.process.limits),
      usesSegmentation: configuration.process.transport.gso == .auto)
    limits.linkWait = TimeAmount(configuration.link.requestWait)
    liveness.suspectAfter = configuration.link.suspectAfter
    liveness.lostAfter = configuration.link.lostAfter
    // Within half an idle timeout: when one is lost, those that follow each second come in time.
    liveness.idleKeepAlive = min(configuration.link.keepAlive, configuration.process.transport.idleTimeout / 2)
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
    // The other half is for what the wires behind this one hold of the same bytes.
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
