public import Gateway

/// Everything that `quicgw edge` is told: the values of `edge.yaml` and of the flags that win over it, checked.
public struct EdgeConfiguration: Sendable {
  /// `upstream`: the cores, at least one.
  public var upstream: [HostPort]
  /// `prefer`
  public var preference: Preference
  /// `link`
  public var link: LinkSettings
  /// `early_data`
  public var earlyData = EdgeEarlyDataSettings.defaults
  /// `idempotent`: gRPC methods that an origin may get twice, beside the safe methods of HTTP.
  public var idempotent = IdempotentMethods.safe
  /// `server_name`: the name that the core's certificate must have; nil is the host of the upstream that is dialled.
  public var serverName: String?
  /// `certificate`, `key` and `ca`, read and checked; `ca` certifies the core.
  public var credentials: Credentials
  public var listeners: [Listener]
  /// `routes`, the listeners' `service` and `default_service`.
  public var policy: Policy
  /// `expose`: the services that the core may call, and nothing else.
  public var exposed = Policy.defaults
  /// The `ca` files of exposed services, to be watched for changes.
  public var originAuthorityFiles: [String] = []
  /// `labels`: the groups that this edge belongs to.
  public var labels: [String: String] = [:]
  /// `modules`; nil without a module cache.
  public var modules: ModuleCacheSettings?
  public var process: ProcessSettings
  /// The listeners' and `admin`, each with where it was asked for.
  public var addresses: [ConfiguredAddress]

  /// Which of several cores requests go to.
  public enum Preference: String, Sendable, CaseIterable {
    /// The first in the list that answers.
    case first
    /// All that answer, in turns.
    case spread
  }

  /// Where applications on the node connect to.
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
      /// Bytes of any kind, for one service.
      case tcp
      /// CONNECT of clients with `https_proxy`.
      case proxy
    }

    public init(name: String, address: HostPort, kind: Kind = .http, certificate: ListenerCertificate? = nil) {
      self.name = name
      self.address = address
      self.kind = kind
      self.certificate = certificate
    }
  }

  public static let defaultListener = Listener(name: "127.0.0.1:8080", address: HostPort(host: "127.0.0.1", port: 8080))
}
