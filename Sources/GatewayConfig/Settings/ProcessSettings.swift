/// What both ends have in common beside the link: the keys `loops`, `admin`, `drain_timeout`, `log`, `qlog`, `limits` and
/// `transport`.
public struct ProcessSettings: Sendable, Equatable {
  /// `loops`: event loops, each a thread; nil is one for each processor on a core, whose edges spread over them, and one on an
  /// edge, whose one connection to the core lives on one: a second would make each request cross between threads twice.
  public var loops: Int?
  /// `admin`: where `/livez`, `/readyz` and `/metrics` are answered; nil is nowhere.
  public var admin: HostPort?
  /// `drain_timeout`: how long open exchanges may go on after SIGTERM. Shorter than Kubernetes' usual 30 s until SIGKILL.
  public var drainTimeout: Duration = .seconds(25)
  public var log = LogSettings.defaults
  /// `qlog`: a folder that gets a trace of each QUIC connection; nil for no traces.
  public var qlog: String?
  /// Whether the keys of connections are written to `$SSLKEYLOGFILE`. Only a flag says so: no file may switch it on and be
  /// forgotten.
  public var logsKeys = false
  public var limits = LimitSettings.defaults
  public var transport = TransportSettings.defaults

  public init() {}

  public static let defaults = ProcessSettings()

  static let loopsRange = 1...256
  static let drainTimeoutRange: ClosedRange<Duration> = .zero ... .seconds(3600)
}
