/// The transport's settings for one connection; the same for many connections.
public struct ConnectionConfiguration: Sendable {
  /// `initial_max_data`: bytes that the peer may have under way on all streams. Given back on arrival, so it bounds what is on
  /// the wire, not what is stored.
  public var connectionWindowBytes: UInt64 = 32 << 20
  /// `initial_max_stream_data_bidi_local` and `_remote`: bytes that the peer may send on a bidirectional stream before the
  /// application gives credit. 200 streams whose reader stalls so hold 14 MiB, and less than twice that in memory.
  public var bidirectionalStreamWindowBytes: UInt64 = 72 << 10
  /// `initial_max_stream_data_uni`.
  public var unidirectionalStreamWindowBytes: UInt64 = 64 << 10
  /// `initial_max_streams_bidi`: how many the peer may have open at first.
  public var bidirectionalStreamLimit: UInt64 = 256
  /// `initial_max_streams_uni`. HTTP/3 needs three, six when both directions share a connection.
  public var unidirectionalStreamLimit: UInt64 = 16
  /// `max_idle_timeout` (RFC 9000 §10.1).
  public var idleTimeout: Duration = .seconds(30)
  /// A handshake that is not complete after this is given up.
  public var handshakeTimeout: Duration = .seconds(10)
  /// Sends a PING after so much silence, once the handshake is complete; nil for never.
  public var keepAlive: Duration?
  /// `max_ack_delay`: the longest that an acknowledgement is held back.
  public var maximumAcknowledgementDelay: Duration = .milliseconds(25)
  /// Ack-eliciting packets after which an acknowledgement is sent at once.
  public var acknowledgementThreshold: Int = 2
  public var congestionControl: CongestionControl = .cubic
  /// Whether small flights are sent a second time as a protection against loss.
  public var shield: ShieldMode = .off
  /// The largest UDP payload that path MTU discovery may find; sending begins with 1200 bytes.
  public var maximumDatagramBytes: Int = 1452

  public enum CongestionControl: String, Sendable, CaseIterable {
    case reno, cubic, bbr, bbr2
  }

  public static let defaults = ConnectionConfiguration()

  public init() {}
}
