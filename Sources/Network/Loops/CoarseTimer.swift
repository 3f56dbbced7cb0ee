import DequeModule
import NIOCore

/// Deadlines of one fixed length for many short-lived things: a queue that one timer looks at, not a timer each.
///
/// A thing that is over before its deadline costs one weak reference until then. Confined to its loop.
final class CoarseTimer {
  private let eventLoop: any EventLoop
  private let limit: TimeAmount
  private var waiting = Deque<Entry>()
  private var isScheduled = false

  /// - Parameter limit: how long after `watch` the participant's `limitPassed` is called.
  init(eventLoop: any EventLoop, limit: TimeAmount) {
    self.eventLoop = eventLoop
    self.limit = limit
  }

  /// Calls `participant.limitPassed()` once after the limit unless the participant is gone by then.
  func watch(_ participant: any LimitedWait) {
    waiting.append(Entry(deadline: .now() + limit, participant: participant))
    schedule()
  }

  private func schedule() {
    guard !isScheduled, let first = waiting.first else { return }
    isScheduled = true
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(deadline: first.deadline) { bound.value.fire() }
  }

  private func fire() {
    isScheduled = false
    let now = NIODeadline.now()
    while let first = waiting.first, first.deadline <= now || first.participant == nil {
      waiting.removeFirst()
      first.participant?.limitPassed()
    }
    schedule()
  }

  private struct Entry {
    let deadline: NIODeadline
    weak var participant: (any LimitedWait)?
  }
}

/// Something that waits no longer than a limit.
protocol LimitedWait: AnyObject {
  func limitPassed()
}
