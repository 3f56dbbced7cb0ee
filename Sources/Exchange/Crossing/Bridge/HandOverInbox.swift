import NIOCore
import Synchronization

/// Steps on their way from one loop to another.
///
/// Unchecked because steps hold objects of either loop. It is safe: a batch is filled on the sending loop, passes through the
/// inbox's mutex once, and only the receiving loop calls into the ends that its steps are addressed to.
struct CrossingBatch: @unchecked Sendable {
  var steps: [CrossingStep] = []
}

/// The receiving loop's queue.
///
/// Unchecked because of `spare`, which only the receiving loop touches.
final class HandOverInbox: @unchecked Sendable {
  private let eventLoop: any EventLoop
  private let queue = Mutex(CrossingBatch())
  private var spare = CrossingBatch()

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  /// Takes the steps of a batch and leaves it empty, with memory for the next; called on the sending loop.
  func deliver(_ batch: inout CrossingBatch) {
    var sent = CrossingBatch()
    swap(&sent, &batch)
    let wasEmpty = queue.withLock { queue in
      guard queue.steps.isEmpty else {
        queue.steps.append(contentsOf: sent.steps)
        sent.steps.removeAll(keepingCapacity: true)
        return false
      }
      swap(&queue, &sent)
      return true
    }
    swap(&sent, &batch)
    if wasEmpty { eventLoop.execute { self.land() } }
  }

  private func land() {
    queue.withLock { swap(&$0, &spare) }
    for step in spare.steps { step.land() }
    spare.steps.removeAll(keepingCapacity: spare.steps.capacity <= Self.keptCapacity)
  }

  /// A burst's memory is not kept for ever.
  private static let keptCapacity = 4_096
}
