import HTTPMessage

/// Where a message stands among those that wait to be sent: by what was said of it, and where nothing was, by what it looks like.
struct SendPriority {
  /// 0 is first, 7 last.
  let urgency: Int
  /// Whether it takes turns with others of its urgency or, being of use only when it is whole, is sent before the younger ones.
  ///
  /// A message of which nothing is said takes turns: those of several clients share the connection, and none is to wait for the
  /// end of another's (RFC 9218 §13.1).
  let isIncremental: Bool
  /// When more than this has left in a row, from the beginning or behind a pause, the rest is bulk.
  let bulkThresholdBytes: Int

  private let said: Priority
  private let isCall: Bool

  /// - Parameters:
  ///   - said: by the message's Priority field.
  ///   - isCall: a call of gRPC, where somebody waits for each message.
  init(_ said: Priority = Priority(), isCall: Bool = false) {
    self.said = said
    self.isCall = isCall
    urgency = said.urgency ?? Priority.defaultUrgency
    isIncremental = said.isIncremental ?? (said.urgency == nil)
    if urgency > Priority.defaultUrgency {
      bulkThresholdBytes = Self.backgroundBytes
    } else {
      bulkThresholdBytes = isCall || urgency < Priority.defaultUrgency ? Self.callBytes : Self.pageBytes
    }
  }

  /// The same with what the answer says (RFC 9218 §8).
  func merged(with answer: Priority) -> SendPriority {
    SendPriority(said.merged(with: answer), isCall: isCall)
  }

  // One offer, which is 16 KiB, and it has begun.
  private static let backgroundBytes = 0
  private static let pageBytes = 64 * 1024
  private static let callBytes = 256 * 1024
}
