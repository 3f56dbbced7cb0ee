public import Events
public import NIOCore

/// Passes the events of one loop to the log, the access log and the loop's metrics.
///
/// One object a loop, used on that loop only; the log behind it is shared by all loops.
public final class EventFan: EventSink {
  private let log: EventLog?
  private let accessLog: AccessLog?
  private let metrics: LoopMetrics?

  /// - Parameters:
  ///   - log: the process's log; nil to write none.
  ///   - accessLog: this loop's access log; nil when requests are not logged.
  ///   - metrics: this loop's metrics.
  public init(log: EventLog?, accessLog: AccessLog? = nil, metrics: LoopMetrics?) {
    self.log = log
    self.accessLog = accessLog
    self.metrics = metrics
  }

  public func record(_ event: Event) {
    metrics?.record(event)
    if let accessLog, case .exchangeEnded(let summary) = event {
      accessLog.record(summary)
    } else {
      log?.record(event)
    }
  }

  /// Writes what was held back by the one-line-a-second rule and whose second is over.
  ///
  /// A timer of the network calls it about once a second on one loop; further calls do no harm.
  public func tick(now: NIODeadline) {
    log?.tick(now: now)
  }
}
