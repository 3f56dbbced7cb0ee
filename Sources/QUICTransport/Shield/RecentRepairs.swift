internal import DequeModule
internal import NIOCore

/// The packets with parts of large messages that were sent again not long ago: what fills the gaps of what a reader has.
///
/// When a NAT moves a client, it swallows all that is under way, and a reader waits for the first gap until the server has proof of the new
/// address and of the loss: two round trips. The same packet, sent to the new address together with PATH_CHALLENGE, ends the
/// wait after one. Where a stream's first gap is, is known: at the end of what was acknowledged. Of several packets with the same bytes all
/// but the last were lost, or there would be no last.
struct RecentRepairs {
  private var streams: [StreamID: Gaps] = [:]
  private var packetCount = 0

  fileprivate struct Gaps {
    /// Up to where the peer has all; nil as long as nothing was heard of it.
    var acknowledged: UInt64?
    /// In the order in which they were sent.
    var packets = Deque<Packet>()
  }

  fileprivate struct Packet {
    var bytes: [UInt8]
    var offset: UInt64
    var sentAt: NIODeadline
  }

  /// A packet has left that begins with bytes of a stream which were sent before.
  mutating func sent(_ bytes: [UInt8], beginningWith frame: StreamFrameHeader, at now: NIODeadline) {
    forgetOldest(of: frame.stream, now: now)
    guard packetCount < Self.mostPackets else { return }
    packetCount += 1
    streams[frame.stream, default: Gaps()].packets.append(Packet(bytes: bytes, offset: frame.offset, sentAt: now))
  }

  /// The peer has all bytes of a stream before this one.
  mutating func acknowledged(_ stream: StreamID, upTo offset: UInt64) {
    streams[stream, default: Gaps()].acknowledged = offset
  }

  /// Nothing of the stream is of use any more.
  mutating func closed(_ stream: StreamID) {
    guard let gaps = streams.removeValue(forKey: stream) else { return }
    packetCount -= gaps.packets.count
  }

  /// What readers wait for if all that was sent since then is lost, the most urgent first.
  ///
  /// A stream whose first gap is not filled by any of these packets is left out: it would have no use for the others.
  func lost(since time: NIODeadline) -> [[UInt8]] {
    streams.values
      .flatMap { $0.lost(since: time).enumerated() }
      .sorted { $0.offset < $1.offset }
      .prefix(Self.mostTaken)
      .map(\.element)
  }

  private mutating func forgetOldest(of stream: StreamID, now: NIODeadline) {
    while let first = streams[stream]?.packets.first, packetCount == Self.mostPackets || first.sentAt + Self.memory < now {
      streams[stream]?.packets.removeFirst()
      packetCount -= 1
    }
  }

  /// 1.5 MB. At 200 Mbit/s, 5 % loss and 200 ms a round trip has 200 of them.
  private static let mostPackets = 1024
  /// Longer than the round trip of links on which this is worth while.
  private static let memory = TimeAmount.seconds(1)
  /// More is not let out before the address is validated.
  private static let mostTaken = 32
}

extension RecentRepairs.Gaps {
  /// The packets that fill the first gap and those behind it, in the order of the stream.
  fileprivate func lost(since time: NIODeadline) -> [[UInt8]] {
    guard let acknowledged else { return [] }
    var last: [UInt64: [UInt8]] = [:]
    for packet in packets where packet.sentAt >= time && packet.offset >= acknowledged { last[packet.offset] = packet.bytes }
    guard last[acknowledged] != nil else { return [] }
    return last.sorted { $0.key < $1.key }.map(\.value)
  }
}
