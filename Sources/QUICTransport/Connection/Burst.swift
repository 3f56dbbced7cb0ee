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
  /// Whole datagrams in a row that are worth a copy, all for the same reason.
  private(set) var urgentBytes = 0..<0
  private(set) var urgency: Urgency?

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

  /// Adds a datagram at the end. Of datagrams that are worth a copy, the first ones that follow each other are remembered; small
  /// messages go before bulk.
  mutating func append(_ count: Int, _ urgency: Urgency?) {
    let begin = byteCount
    byteCount += count
    guard let urgency else { return }
    if self.urgency == nil || self.urgency?.isBulk == true && !urgency.isBulk {
      self.urgency = urgency
      urgentBytes = begin..<byteCount
    } else if self.urgency == urgency, urgentBytes.upperBound == begin {
      urgentBytes = urgentBytes.lowerBound..<byteCount
    }
  }

  /// A buffer for `nextBurst(into:now:)` wants so many bytes; the most that a GSO send can carry.
  public static let maximumByteCount = 65_507

  /// The kernel refuses more segments in one send (UDP_MAX_SEGMENTS is 64; 44 full ones fill 64 KiB).
  public static let maximumDatagramCount = 44
}
