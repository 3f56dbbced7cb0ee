import NIOCore
import QUICTransport

/// Runs a `LinkLiveness` for one connection. Confined to the connection's loop.
final class LivenessWatch {
  private var liveness: LinkLiveness
  private let connection: Connection
  private let isInUse: () -> Bool
  private let act: (LinkLiveness.Action) -> Void
  private let eventLoop: any EventLoop
  private var next: Scheduled<Void>?
  private var isOver = false
  private var keepAlive: Duration?
  private var question: (askedAt: NIODeadline, whenAnswered: () -> Void)?

  /// - Parameters:
  ///   - isInUse: whether exchanges are open on the connection.
  ///   - act: told of everything but keep-alive, which is seen to here.
  init(
    _ connection: Connection, limits: LivenessLimits, eventLoop: any EventLoop, isInUse: @escaping () -> Bool,
    act: @escaping (LinkLiveness.Action) -> Void
  ) {
    liveness = LinkLiveness(limits: limits)
    self.connection = connection
    self.eventLoop = eventLoop
    self.isInUse = isInUse
    self.act = act
  }

  var isSuspect: Bool { liveness.isSuspect }

  /// Asks the peer for a sign of life now.
  ///
  /// - Parameter whenAnswered: called when one has come. Where none does, the connection becomes suspect in its time.
  func ask(interval: Duration, whenAnswered: @escaping () -> Void) {
    question = (.now(), whenAnswered)
    connection.setKeepAlive(interval)
  }

  /// To be called behind each pass over the connection.
  func look() {
    guard !isOver else { return }
    let signs = connection.signs
    for action in liveness.observed(signs, isInUse: isInUse(), now: .now()) {
      guard case .keepAlive(let interval) = action else {
        act(action)
        continue
      }
      keepAlive = interval
      if question == nil { connection.setKeepAlive(interval) }
    }
    if let question, let heard = signs.lastReceived, heard > question.askedAt {
      self.question = nil
      connection.setKeepAlive(keepAlive)
      question.whenAnswered()
    }
    guard next == nil, !isOver, let deadline = liveness.deadline else { return }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    next = eventLoop.scheduleTask(deadline: deadline) {
      bound.value.next = nil
      bound.value.look()
    }
  }

  /// The connection is over.
  func end() {
    isOver = true
    next?.cancel()
    next = nil
  }
}
