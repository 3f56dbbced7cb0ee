public import Gateway
public import HTTP3
public import HTTPMessage
public import QUICTransport

/// What a core is told, checked and in the types of the modules that use it.
public struct CoreOptions: Sendable {
  public var process: ProcessOptions
  /// The UDP address; an IPv6 wildcard takes IPv4 as well. Port 0 lets the system choose.
  public var listen: Address
  public var tls: TLSConfiguration
  public var policy: Policy
  public var connection: ConnectionConfiguration
  public var http3: HTTP3Configuration
  public var limits: NetworkLimits
  /// The stable name of this replica and a secret that outlives the process: stateless reset keys come from both.
  public var stableName: String
  public var secret: [UInt8]
  /// Keeps another secret in its place, made at the first start; nil for none.
  public var secretFile: String?
  /// How early data is taken; nil refuses it.
  public var earlyData: EarlyDataOptions? = EarlyDataOptions()
  /// The cache of Go modules; nil for none.
  public var modules: ModuleOptions?
  /// Whether redirects may lead to hosts that no service names.
  var followsRedirects: Bool { modules?.redirectHosts.isEmpty == false }
  /// Whether bursts may be cut by the kernel (UDP_SEGMENT).
  public var usesSegmentation: Bool
  /// For clients in the cloud; `policy.edgeRoutes` says where what arrives there goes.
  public var listeners: [Listener] = []
  /// How long a request waits for an edge that is expected back.
  public var edgeWait: Duration = .seconds(5)
  /// Whether an origin of an edge may get a request twice.
  public var mayBeRepeated: @Sendable (RequestHead) -> Bool = { $0.isSafe }
  /// Whether the kernel is asked to deliver datagrams to the loop of their connection ID.
  var isSteered = true

  public init(
    process: ProcessOptions, listen: Address, tls: TLSConfiguration, policy: Policy,
    connection: ConnectionConfiguration = .defaults, http3: HTTP3Configuration = HTTP3Configuration(),
    limits: NetworkLimits = NetworkLimits(), stableName: String, secret: [UInt8], usesSegmentation: Bool = true
  ) {
    self.process = process
    self.listen = listen
    self.tls = tls
    self.policy = policy
    self.connection = connection
    self.http3 = http3
    self.http3.isExtendedConnectEnabled = true
    self.limits = limits
    self.stableName = stableName
    self.secret = secret
    self.usesSegmentation = usesSegmentation
  }

  var hop: Hop { Hop(role: .core, name: Hop.name(role: .core, instance: process.instance)) }
  var listenerName: String { listen.description }

  func endpointConfiguration(loopIndex: Int) -> EndpointConfiguration {
    var configuration = EndpointConfiguration(secret: secret, stableName: stableName)
    configuration.loopIndex = UInt8(truncatingIfNeeded: loopIndex)
    configuration.instance = UInt16(process.instance[0]) << 8 | UInt16(process.instance[1])
    return configuration
  }
}
