internal import DequeModule

/// The order among streams with a lot to send.
///
/// nghttp3 serves streams of equal urgency in the order of their identifiers, and a client has no way to tell it otherwise: an
/// old upload would hold up everything younger. So a bulk stream sends one quantum, is parked and waits until the others had
/// theirs. Streams with little to send are not parked and overtake, up to a share.
struct SendTurns {
  private var parked: Deque<HTTP3Stream> = []
  private var interactiveBytes = 0

  /// Bytes that a bulk stream sends before the next one's turn: a sixteenth of what it has under way, so that one turn delays nobody
  /// by more than a small part of a round trip.
  ///
  /// On a long link small turns would stop a stream whatever its windows allow: nghttp3 0.8 holds at most 1024 pieces from the oldest
  /// that is not acknowledged, a turn is one for its frame's header and one for each buffer of content, and a packet that is lost
  /// twice is missing for three round trips.
  static func quantumBytes(underWay byteCount: Int) -> Int {
    min(max(byteCount / 16, leastQuantumBytes), largestQuantumBytes)
  }

  /// Whether small messages have used their share: a bulk stream goes next although some are waiting.
  var isOverdue: Bool { interactiveBytes >= 4 * Self.leastQuantumBytes && !parked.isEmpty }

  mutating func park(_ stream: HTTP3Stream) {
    stream.outgoing.turn = .parked
    parked.append(stream)
  }

  mutating func wroteInteractive(_ byteCount: Int) {
    if !parked.isEmpty { interactiveBytes += byteCount }
  }

  /// The stream whose turn it is, no longer parked; nil when none waits that can send.
  mutating func grant() -> HTTP3Stream? {
    interactiveBytes = 0
    while let stream = parked.popFirst() {
      guard !stream.isClosed, !stream.outgoing.isShut else { continue }
      stream.outgoing.turn = .granted
      // It comes back to the order when it has credit again.
      if stream.outgoing.isBlocked { continue }
      return stream
    }
    return nil
  }

  private static let leastQuantumBytes = 16 * 1024
  private static let largestQuantumBytes = 64 * 1024
}
