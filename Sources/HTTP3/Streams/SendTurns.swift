internal import DequeModule
import HTTPMessage

/// The order among streams with a lot to send.
///
/// nghttp3 serves streams of equal urgency in the order of their identifiers, and a client has no way to tell it otherwise: an
/// old upload would hold up everything younger. So a bulk stream sends one quantum, is parked and waits for its next turn.
/// Streams with little to send are not parked and overtake, up to a share.
///
/// Turns go to the most urgent that wait (RFC 9218 §10). Among equals each incremental message has its turn in a round, and
/// those that are of use only when they are whole have one turn together, which the oldest of them takes.
struct SendTurns {
  private var levels = Priority.urgencies.map { _ in Level() }
  private var parkedCount = 0
  private var interactiveBytes = 0

  /// Bytes that a bulk stream sends before the next one's turn: a sixteenth of what it has under way, so that one turn delays
  /// nobody by more than a small part of a round trip.
  ///
  /// On a long link small turns would stop a stream whatever its windows allow: nghttp3 0.8 holds at most 1024 pieces from the
  /// oldest that is not acknowledged, a turn is one for its frame's header and one for each buffer of content, and a packet
  /// that is lost twice is missing for three round trips.
  static func quantumBytes(underWay byteCount: Int) -> Int {
    min(max(byteCount / 16, leastQuantumBytes), largestQuantumBytes)
  }

  /// Whether small messages have used their share: a bulk stream goes next although some are waiting.
  var isOverdue: Bool { interactiveBytes >= 4 * Self.leastQuantumBytes && parkedCount > 0 }

  mutating func park(_ stream: HTTP3Stream) {
    stream.outgoing.turn = .parked
    parkedCount += 1
    levels[stream.outgoing.priority.urgency].park(stream)
  }

  mutating func wroteInteractive(_ byteCount: Int) {
    if parkedCount > 0 { interactiveBytes += byteCount }
  }

  /// The stream whose turn it is, no longer parked; nil when none waits that can send.
  mutating func grant() -> HTTP3Stream? {
    interactiveBytes = 0
    guard parkedCount > 0 else { return nil }
    for urgency in levels.indices {
      while let stream = levels[urgency].next() {
        parkedCount -= 1
        guard !stream.isClosed, !stream.outgoing.isShut else { continue }
        stream.outgoing.turn = .granted
        // It comes back to the order when it has credit again.
        if stream.outgoing.isBlocked { continue }
        return stream
      }
    }
    return nil
  }

  /// The streams of one urgency.
  private struct Level {
    private var round: Deque<HTTP3Stream> = []
    /// By identifier, the oldest first.
    private var wholes: [HTTP3Stream] = []
    /// How many of the round have had turns since the wholes had theirs.
    private var turnsSinceWhole = 0

    mutating func park(_ stream: HTTP3Stream) {
      guard !stream.outgoing.priority.isIncremental else { return round.append(stream) }
      let place = wholes.firstIndex { $0.libraryID > stream.libraryID } ?? wholes.endIndex
      wholes.insert(stream, at: place)
    }

    mutating func next() -> HTTP3Stream? {
      guard let oldest = wholes.first, turnsSinceWhole >= round.count else {
        turnsSinceWhole += 1
        return round.popFirst()
      }
      turnsSinceWhole = 0
      wholes.removeFirst()
      return oldest
    }
  }

  private static let leastQuantumBytes = 16 * 1024
  private static let largestQuantumBytes = 64 * 1024
}
