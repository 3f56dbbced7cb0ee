public import NIOCore

/// The way for exchanges from one event loop to another: everything that one loop has for the other in one turn crosses as one
/// batch, with one lock and at most one wake-up.
///
/// There is one for each ordered pair of loops. It is bounded by the exchanges' own credit: a sink on this side lets no more
/// bytes go out than its far end has reported consumed, and small chunks of one exchange are put together.
public final class HandOver: TurnParticipant {
  private let turn: LoopTurn
  private let inbox: HandOverInbox
  private var outgoing = CrossingBatch()
  private var batchNumber: UInt64 = 0
  private var isEnrolled = false

  /// - Parameters:
  ///   - turn: the turn of the loop that sends; the object lives there.
  ///   - destination: the loop that receives.
  public init(from turn: LoopTurn, to destination: any EventLoop) {
    self.turn = turn
    inbox = HandOverInbox(eventLoop: destination)
  }

  public func endTurn() {
    isEnrolled = false
    batchNumber += 1
    inbox.deliver(&outgoing)
  }

  /// Sends a step behind all others.
  func send(_ step: CrossingStep) {
    outgoing.steps.append(step)
    guard !isEnrolled else { return }
    isEnrolled = true
    turn.enroll(self)
  }

  /// Sends a step, or makes it part of the one that the same exchange has put into this batch last.
  ///
  /// For content and counts of consumed bytes only: whatever lies between the two in the batch belongs to other exchanges, or
  /// its order among them means nothing.
  func send(_ step: CrossingStep, joining slot: inout Slot) {
    if slot.batchNumber == batchNumber, outgoing.steps[slot.index].absorb(step) { return }
    slot = Slot(batchNumber: batchNumber, index: outgoing.steps.count)
    send(step)
  }

  /// Where in which batch an exchange's last step of a kind is.
  struct Slot {
    fileprivate var batchNumber = UInt64.max
    fileprivate var index = 0
  }
}
