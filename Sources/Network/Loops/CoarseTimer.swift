import DequeModule
import NIOCore

/// Deadlines of one fixed length for many short-lived things: a queue that one timer looks at, not a timer each.
///
/// A wait that is over before its deadline costs a small object until then. Confined to its loop.
final class CoarseTimer {
  private let eventLoop: any EventLoop
  private let limit: TimeAmount
  private var waits = Deque<(deadline: NIODeadline, wait: LimitedWait)>()
  private var isScheduled = false

  /// - Parameter limit: how long after `begin` a wait's action runs.
  init(eventLoop: any EventLoop, limit: TimeAmount) {
    self.eventLoop = eventLoop
    self.limit = limit
  }

  /// Runs `action` once after the limit, unless the wait is ended before.
  func begin(_ action: @escaping () -> Void) -> LimitedWait {
    let wait = LimitedWait(action)
    waits.append((.now() + limit, wait))
    schedule()
    return wait
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
}

/// Something that may not last longer than a limit.
final class LimitedWait {
  private var action: (() -> Void)?

  var isOver: Bool { action == nil }

  init(_ action: @escaping () -> Void) {
    self.action = action
  }

  /// What was waited for has come, or nobody waits any more: the action never runs, and what it holds is released.
  func end() { action = nil }

  func limitPassed() {
    let action = self.action
    self.action = nil
    action?()
  }
}
