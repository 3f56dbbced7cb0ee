/// What may be chosen about QUIC connections: `transport` in both files.
public struct TransportSettings: Sendable, Equatable {
  public enum CongestionControl: String, Sendable, CaseIterable {
    case cubic, bbr2
  }

  /// Whether the kernel cuts bursts into datagrams (UDP_SEGMENT) and joins received ones (UDP_GRO).
  public enum Offload: String, Sendable, CaseIterable {
    /// Where the kernel and the device can.
    case auto
    case off
  }

  /// Whether small messages are sent a second time as a protection against loss.
  public enum Shield: String, Sendable, CaseIterable {
    case off
    /// While the link loses.
    case auto
    case always
  }

  /// `congestion_control`: on a long way with losses cubic comes to a stand (0.4 Mbit/s at 5 % and 200 ms, where bbr2 moves 26).
  public var congestionControl = CongestionControl.bbr2
  /// `idle_timeout`: silence after which a connection is given up.
  public var idleTimeout: Duration = .seconds(30)
  /// `max_udp_payload`: the largest datagram that path MTU discovery may find, in bytes.
  public var maxUDPPayload = 1452
  /// `connection_budget`: bytes that may be under way to this side on one connection.
  public var connectionBudget = ByteCount.mebibytes(32)
  /// `max_streams`: requests that the peer may have open at once on one connection.
  public var maxStreams = 1024
  /// `shield`: each side protects what it sends.
  public var shield = Shield.auto
  /// `gso`
  public var gso = Offload.auto

  public init() {}

  public static let defaults = TransportSettings()

  static let idleTimeoutRange: ClosedRange<Duration> = .seconds(5) ... .seconds(600)
  static let maxUDPPayloadRange = 1200...65527
  static let connectionBudgetRange: ClosedRange<ByteCount> = .mebibytes(1) ... .mebibytes(1024)
  static let maxStreamsRange = 1...65535
}
