/// Datagrams that leave together: laid behind each other in one buffer, on one path, all `segmentSize` long except that the last
/// may be shorter, so that one call with UDP_SEGMENT sends them.
public struct Burst: Sendable {
  public var path: NetworkPath
  public var ecn: ECNCodepoint
  /// Bytes in the buffer.
  public var byteCount: Int
  /// Bytes in every datagram but the last.
  public var segmentSize: Int
  public var kind: Kind
  /// The bytes at the beginning, whole datagrams, that carry what somebody waits for.
  var urgentByteCount = 0

  /// What a burst carries, for whoever schedules, duplicates or counts it.
  public enum Kind: Sendable, Hashable, CaseIterable {
    /// Handshake packets.
    case handshake
    /// Small messages and acknowledgements, on which somebody waits.
    case interactive
    /// Contents of large messages.
    case bulk
    /// Path validation and path MTU discovery; losing it says something and costs nothing.
    case probe
  }

  /// The number of datagrams.
  public var datagramCount: Int { segmentSize == 0 ? 0 : (byteCount + segmentSize - 1) / segmentSize }

  /// A buffer for `nextBurst(into:now:)` wants so many bytes; the most that a GSO send can carry.
  public static let maximumByteCount = 65_507

  /// The kernel refuses more segments in one send (UDP_MAX_SEGMENTS is 64; 44 full ones fill 64 KiB).
  public static let maximumDatagramCount = 44
}
