public import Gateway

/// Everything that `quicgw server` is told: the values of `core.yaml` and of the flags that win over it, checked.
public struct CoreConfiguration: Sendable {
  /// `listen`: the UDP address; `[::]` takes IPv4 as well.
  public var listen: HostPort
  /// `certificate`, `key` and `ca`, read and checked; `ca` certifies the edges.
  public var credentials: Credentials
  /// `identity`: which name of an edge's certificate says who it is.
  public var identity: IdentityKind
  /// `name`: the stable name of this replica, which its stateless reset keys are made from; nil is the host's name.
  public var name: String?
  /// `services`, `default_service` and `access`.
  public var policy: Policy
  /// The `ca` files of services, to be watched for changes.
  public var originAuthorityFiles: [String] = []
  /// `listeners`: where clients in the cloud connect to, for services of edges.
  public var listeners: [Listener] = []
  /// `edge_wait`: how long a request waits for an edge that is expected back.
  public var edgeWait = CoreConfiguration.defaultEdgeWait
  /// `idempotent`: gRPC methods that an origin may get twice, beside the safe methods of HTTP.
  public var idempotent = IdempotentMethods.safe
  /// `early_data`
  public var earlyData = CoreEarlyDataSettings.defaults
  /// `modules`; nil without a module cache.
  public var modules: ModuleCacheSettings?
  public var process: ProcessSettings
  /// `listen`, `admin` and the listeners', each with where it was asked for.
  public var addresses: [ConfiguredAddress]

  /// Where clients in the cloud connect to.
  public struct Listener: Sendable, Equatable {
    /// `name`, by which the policy knows it; the address where none is given.
    public var name: String
    /// The TCP address.
    public var address: HostPort
    public var kind: Kind
    /// `tls`; nil without TLS.
    public var certificate: ListenerCertificate?

    /// What is spoken there; raw values are the keys that give the address.
    public enum Kind: String, Sendable, CaseIterable {
      /// HTTP/1.1 and HTTP/2.
      case http = "address"
      /// Bytes of any kind.
      case tcp
    }
  }

  public static let defaultEdgeWait: Duration = .seconds(5)
  static let edgeWaitRange: ClosedRange<Duration> = .zero ... .seconds(300)
  public static let defaultListen = HostPort(host: "::", port: 4433)
}

/// The kind of subject alternative name that is an identity.
public enum IdentityKind: String, Sendable, CaseIterable {
  /// The one dNSName.
  case dns
  /// The one uniformResourceIdentifier, for SPIFFE.
  case uri
}
