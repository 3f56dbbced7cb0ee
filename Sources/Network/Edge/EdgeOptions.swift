public import Gateway
public import HTTP3
public import HTTPMessage
public import NIOCore
public import QUICTransport

/// What an edge is told, checked and in the types of the modules that use it.
public struct EdgeOptions: Sendable {
  public var process: ProcessOptions
  /// At least one; all are linked to.
  public var cores: [CoreName]
  /// Which of them requests go to.
  public var preference: LinkPreference
  /// The name that the cores' certificates must have; nil for the host of each.
  public var serverName: String?
  public var listeners: [Listener]
  public var tls: TLSConfiguration
  public var policy: Policy
  public var connection: ConnectionConfiguration
  public var http3: HTTP3Configuration
  public var limits: NetworkLimits
  /// Whether bursts may be cut by the kernel (UDP_SEGMENT).
  public var usesSegmentation: Bool
  public var liveness = LivenessLimits.defaults
  /// Whether an origin may get a request twice: it is sent again when its connection was lost before anything of an answer came.
  public var mayBeRepeated: @Sendable (RequestHead) -> Bool = { $0.isSafe }
  /// Whether such requests may leave with the first flight of a resumed connection (0-RTT).
  public var usesEarlyData = true
  /// Keeps tickets over a restart; nil keeps them in memory.
  public var ticketFolder: String?
  /// The services that cores may call, and nothing else.
  public var exposed = Policy.defaults
  /// The groups that this edge belongs to.
  public var labels: [String: String] = [:]
  /// The cache of Go modules; nil for none.
  public var modules: ModuleOptions?
  var dialing = DialingPace.defaults
  /// How old the session of a connection becomes before another one with a full handshake takes its place.
  var sessionRenewal = Duration.seconds(TicketLifetime.seconds / 2)

  /// A TCP listener for the node's applications.
  public struct Listener: Sendable {
    /// By which the policy knows it.
    public var name: String
    public var address: SocketAddress
    public var kind: ListenerKind
    /// What clients are shown; nil without TLS.
    public var certificate: ListenerCertificate?

    public init(name: String, address: SocketAddress, kind: ListenerKind = .http, certificate: ListenerCertificate? = nil) {
      self.name = name
      self.address = address
      self.kind = kind
      self.certificate = certificate
    }
  }

  public init(
    process: ProcessOptions, cores: [CoreName], preference: LinkPreference = .first, serverName: String? = nil,
    listeners: [Listener], tls: TLSConfiguration, policy: Policy, connection: ConnectionConfiguration = .defaults,
    http3: HTTP3Configuration = HTTP3Configuration(), limits: NetworkLimits = NetworkLimits(), usesSegmentation: Bool = true
  ) {
    self.process = process
    self.cores = cores
    self.preference = preference
    self.serverName = serverName
    self.listeners = listeners
    self.tls = tls
    self.policy = policy
    self.connection = connection
    self.http3 = http3
    self.http3.isExtendedConnectEnabled = true
    self.limits = limits
    self.usesSegmentation = usesSegmentation
  }

  var hop: Hop { Hop(role: .edge, name: Hop.name(role: .edge, instance: process.instance)) }

  /// What cores may ask of this edge; without any service no reversed connection is dialled.
  public var exposure: EdgeExposure { EdgeExposure(policy: exposed, labels: labels) }

  /// For log lines: `a.example:4433, b.example:4433`.
  var coreNames: String { cores.map(\.description).joined(separator: ", ") }

  func endpointConfiguration(loopIndex: Int) -> EndpointConfiguration {
    // An edge accepts nothing, so nobody depends on its reset keys over a restart.
    var configuration = EndpointConfiguration(secret: (0..<32).map { _ in .random(in: .min ... .max) }, stableName: hop.name)
    configuration.loopIndex = UInt8(truncatingIfNeeded: loopIndex)
    configuration.instance = UInt16(process.instance[0]) << 8 | UInt16(process.instance[1])
    return configuration
  }
}
