public import NIOCore

/// Collects who has output during one turn of an event loop and lets each write once when the turn's reads are done.
///
/// A connection that answers a hundred streams in one turn so makes one pass over its output, not a hundred. One object a loop;
/// used on that loop only.
public final class LoopTurn {
  public let eventLoop: any EventLoop
  /// What the connections of this loop hold for slow readers.
  public var backlog = LoopBacklog()
  private var waiting: [any TurnParticipant] = []
  private var spare: [any TurnParticipant] = []
  private var isScheduled = false

  public init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  /// Asks for one call of `participant.endTurn()` behind all work that this turn has already begun.
  ///
  /// A participant enrols at most once a turn: it keeps a flag of its own, cleared in `endTurn()`.
  public func enroll(_ participant: any TurnParticipant) {
    waiting.append(participant)
    guard !isScheduled else { return }
    isScheduled = true
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { bound.value.end() }
  }

  private func end() {
    isScheduled = false
    swap(&waiting, &spare)
    // Whoever enrols from now on is called in a further round, so that reads are not starved by endless writers.
    for participant in spare { participant.endTurn() }
    spare.removeAll(keepingCapacity: true)
  }
}

/// Something that writes once at the end of a loop's turn.
public protocol TurnParticipant: AnyObject {
  func endTurn()
}
