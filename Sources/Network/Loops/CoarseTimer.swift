import DequeModule
import NIOCore

/// Deadlines of one fixed length for many short-lived things: a queue that one timer looks at, not a timer each.
///
/// A wait that is over before its deadline may stay in the queue, but never more of them than are still waited for, and a few:
/// what is kept is bounded by what is open, however long the limit is. Confined to its loop.
final class CoarseTimer {
  private let eventLoop: any EventLoop
  private let limit: TimeAmount
  private var waits = Deque<(deadline: NIODeadline, wait: LimitedWait)>()
  private let open = LimitedWait.Count()
  private var isScheduled = false

  /// - Parameter limit: how long after `begin` a wait's action runs.
  init(eventLoop: any EventLoop, limit: TimeAmount) {
    self.eventLoop = eventLoop
    self.limit = limit
  }

  /// Waits that are in the queue, over or not.
  var keptCount: Int { waits.count }

  /// Runs `action` once after the limit, unless the wait is ended before.
  func begin(_ action: @escaping () -> Void) -> LimitedWait {
    dropFinished()
    let wait = LimitedWait(action, countedBy: open)
    waits.append((.now() + limit, wait))
    schedule()
    return wait
  }

  /// Most things end in the order in which they began. Where they do not, the queue is rebuilt, which costs a step for each wait
  /// that ended since the last time.
  private func dropFinished() {
    while let first = waits.first, first.wait.isOver { waits.removeFirst() }
    if waits.count > 2 * open.value + Self.spareCount { waits = Deque(waits.filter { !$0.wait.isOver }) }
  }

  private func schedule() {
    guard !isScheduled, let first = waits.first else { return }
    isScheduled = true
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(deadline: first.deadline) { bound.value.fire() }
  }

  private func fire() {
    isScheduled = false
    let now = NIODeadline.now()
    while let first = waits.first, first.deadline <= now || first.wait.isOver {
      waits.removeFirst()
      first.wait.limitPassed()
    }
    schedule()
  }

  private static let spareCount = 64
}

/// Something that may not last longer than a limit.
final class LimitedWait {
  private var action: (() -> Void)?
  private let count: Count

  var isOver: Bool { action == nil }

  /// - Parameter count: goes up by one until this wait is over.
  init(_ action: @escaping () -> Void, countedBy count: Count) {
    self.action = action
    self.count = count
    count.value += 1
  }

  /// What was waited for has come, or nobody waits any more: the action never runs, and what it holds is released.
  func end() { _ = takeAction() }

  func limitPassed() { takeAction()?() }

  private func takeAction() -> (() -> Void)? {
    guard let action else { return nil }
    self.action = nil
    count.value -= 1
    return action
  }

  /// How many waits are not over; an object of its own, so that a wait does not hold its timer.
  final class Count {
    var value = 0
  }
}
