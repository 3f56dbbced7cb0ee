public import Events
public import HTTPMessage
public import NIOCore
public import Observability

/// What a core and an edge are both told about how to run.
public struct ProcessOptions: Sendable {
  public var role: Role
  /// Event loops, each a thread.
  public var loopCount: Int
  /// Where the admin pages are answered; nil for nowhere.
  public var admin: SocketAddress?
  /// How long open exchanges may go on after a drain has begun.
  public var drainTimeout: Duration
  public var log: LogSettings
  /// A folder that gets a qlog file of each QUIC connection; nil for no traces.
  public var qlog: String?
  /// The build's version, for `/metrics` and the peer.
  public var version: String
  /// Told of every change of the process's readiness, on event loops; must not block.
  public var onReadinessChange: (@Sendable (Readiness) -> Void)?
  /// This run of the process, 16 random bytes.
  public var instance: [UInt8]

  public init(
    role: Role, loopCount: Int, admin: SocketAddress? = nil, drainTimeout: Duration = .seconds(25),
    log: LogSettings = LogSettings(), qlog: String? = nil, version: String
  ) {
    self.role = role
    self.loopCount = loopCount
    self.admin = admin
    self.drainTimeout = drainTimeout
    self.log = log
    self.qlog = qlog
    self.version = version
    instance = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
  }
}

/// How long things may take and how many may be open, on either end.
public struct NetworkLimits: Sendable {
  /// What messages on TCP connections are held against.
  public var messages = MessageLimits.defaults
  /// For a client's head, from its first byte.
  public var requestHead: TimeAmount = .seconds(10)
  /// For a client's connection without a request.
  public var idleClient: TimeAmount = .seconds(300)
  /// For making a connection to an origin.
  public var originConnect: TimeAmount = .seconds(5)
  public var tunnels = TunnelLimits()
  /// For a request that waits for the link.
  public var linkWait: TimeAmount = .seconds(5)
  /// Requests that may wait for the link at once.
  public var waitingRequests = 4096

  public init() {}
}
