/// Our side of a stream: the content that waits or is under way, and what the library was told.
struct OutgoingMessage {
  var content = OutgoingContent()
  var isHeadSubmitted = false
  /// The end is known: nothing is appended any more.
  var isEnding = false
  var hasTrailers = false
  /// The peer or we have ended this side: nothing may be given to the library any more.
  var isShut = false
  /// Out of the stream's flow-control credit.
  var isBlocked = false
  /// The library was told that there is no content now, and asks again only when resumed.
  var isWaiting = false
  var stoppedByPeer: HTTP3ErrorCode?
  /// Content bytes that left and that the owner was not told of.
  var unreportedBytes = 0
  var turn = Turn.notNeeded
  var priority = SendPriority()

  /// Content bytes offered since the producer was last behind, or since its last large chunk; tells bulk from messages.
  private var burstBytes = 0
  private var bytesSinceEmpty = 0
  /// Content bytes that the owner was told of and that leave a second time.
  private var reportedBytes = 0

  /// Where a stream with a lot to send stands in the order of `SendTurns`.
  enum Turn {
    case notNeeded, parked, granted
  }

  /// A stream with so much content in a row that it would delay others.
  var isBulk: Bool { burstBytes > priority.bulkThresholdBytes }

  mutating func offered(_ byteCount: Int) {
    burstBytes += byteCount
    bytesSinceEmpty += byteCount
    let repeated = min(byteCount, reportedBytes)
    reportedBytes -= repeated
    unreportedBytes += byteCount - repeated
  }

  /// Nothing of it has arrived: it is offered again from the first byte.
  mutating func rewind() {
    reportedBytes += content.rewind() - unreportedBytes
    unreportedBytes = 0
    burstBytes = 0
    bytesSinceEmpty = 0
    isBlocked = false
    isWaiting = false
    turn = .notNeeded
  }

  /// The producer has nothing at the moment. After a small message the stream counts as interactive again, so that a
  /// long-lived stream of messages never becomes bulk.
  mutating func ranEmpty() {
    if bytesSinceEmpty < Self.messageBytes { burstBytes = 0 }
    bytesSinceEmpty = 0
  }

  private static let messageBytes = 16 * 1024
}
