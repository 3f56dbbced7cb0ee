public import Gateway
public import HTTP3
public import NIOCore
public import QUICTransport

/// What an edge is told, checked and in the types of the modules that use it.
public struct EdgeOptions: Sendable {
  public var process: ProcessOptions
  public var core: CoreName
  /// The name that the core's certificate must have.
  public var serverName: String
  public var listeners: [Listener]
  public var tls: TLSConfiguration
  public var policy: Policy
  public var connection: ConnectionConfiguration
  public var http3: HTTP3Configuration
  public var limits: NetworkLimits
  /// Whether bursts may be cut by the kernel (UDP_SEGMENT).
  public var usesSegmentation: Bool
  var dialing = DialingPace.defaults

  /// A TCP listener for the node's applications.
  public struct Listener: Sendable {
    /// By which the policy knows it.
    public var name: String
    public var address: SocketAddress

    public init(name: String, address: SocketAddress) {
      self.name = name
      self.address = address
    }
  }

  public init(
    process: ProcessOptions, core: CoreName, serverName: String, listeners: [Listener], tls: TLSConfiguration, policy: Policy,
    connection: ConnectionConfiguration = .defaults, http3: HTTP3Configuration = HTTP3Configuration(),
    limits: NetworkLimits = NetworkLimits(), usesSegmentation: Bool = true
  ) {
    self.process = process
    self.core = core
    self.serverName = serverName
    self.listeners = listeners
    self.tls = tls
    self.policy = policy
    self.connection = connection
    self.http3 = http3
    self.limits = limits
    self.usesSegmentation = usesSegmentation
  }

  var hop: Hop { Hop(role: .edge, name: Hop.name(role: .edge, instance: process.instance)) }

  func endpointConfiguration(loopIndex: Int) -> EndpointConfiguration {
    // An edge accepts nothing, so nobody depends on its reset keys over a restart.
    var configuration = EndpointConfiguration(secret: (0..<32).map { _ in .random(in: .min ... .max) }, stableName: hop.name)
    configuration.loopIndex = UInt8(truncatingIfNeeded: loopIndex)
    configuration.instance = UInt16(process.instance[0]) << 8 | UInt16(process.instance[1])
    return configuration
  }
}
