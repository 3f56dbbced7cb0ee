public import Events
public import Logging
public import NIOCore
import Synchronization

/// Writes events as log lines: a sentence a person understands, and in JSON its parts under stable keys.
///
/// One object a process; every loop may record. Occurrences that hostile input can cause at will are limited to one line a
/// second and cause, over all loops, with a count of what was left out. Requests are the access log's; without one, those that
/// failed appear here under the same limit.
public final class EventLog: EventSink, Sendable {
  private let logger: Logger
  private let role: Role
  private let format: LogFormat
  private let limiter = Mutex(OccurrenceLimiter<LogCause, Event>())
  private let now: @Sendable () -> NIODeadline
  private let reports: any LineOutput

  /// - Parameters:
  ///   - role: which end of the link this process is; sentences are written from its side.
  ///   - settings: the format decides whether entries carry their parts beside the sentence.
  ///   - logger: takes the entries, usually one with a `LineLogHandler` behind it.
  ///   - reports: takes an object for each download of a module that failed, beside its log line.
  ///   - now: the time that the limit is measured with; tests give their own.
  public init(
    role: Role, settings: LogSettings, logger: Logger, reports: any LineOutput = StandardStream.standardOutput,
    now: @escaping @Sendable () -> NIODeadline = { .now() }
  ) {
    self.role = role
    self.format = settings.format
    self.logger = logger
    self.now = now
    self.reports = reports
  }

  /// A log with quicgw's own line format behind it.
  public convenience init(role: Role, settings: LogSettings, output: any LineOutput = StandardStream.standardError) {
    let logger = Logger(label: "quicgw") { _ in LineLogHandler(settings: settings, output: output) }
    self.init(role: role, settings: settings, logger: logger)
  }

  public func record(_ event: Event) {
    if case .linkChanged(.confirmed, let core, _) = event { endFailures(to: core) }
    if case .module(.downloadFailed(let failure)) = event { reports.write(DownloadReport.line(failure, at: WallTime.now())) }
    guard level(of: event) >= logger.logLevel || event.isAlwaysTold, !event.isForAccessLogOnly else { return }
    guard let cause = LogCause(event) else { return write(event, heldBack: 0) }
    let now = now()
    switch limiter.withLock({ $0.judge(cause, event, now: now, length: cause.window) }) {
    case .write(let heldBack): write(event, heldBack: heldBack)
    case .hold: break
    }
  }

  /// Writes one line for each cause whose second is over and that has occurrences held back.
  public func tick(now: NIODeadline) {
    for summary in limiter.withLock({ $0.endWindows(now: now) }) {
      write(summary.latest, heldBack: summary.heldBack - 1)
    }
  }

  /// Failed attempts that were held back are told before the success that they led to.
  private func endFailures(to core: String) {
    for summary in limiter.withLock({ limiter in LogCause.failedLinks(to: core).compactMap { limiter.end($0) } }) {
      write(summary.latest, heldBack: summary.heldBack - 1)
    }
  }

  /// An edge tells of each handshake that failed as a link that could not be made: one occurrence, one line.
  private func level(of event: Event) -> LogLevel {
    if role == .edge, case .handshakeFailed = event { return .debug }
    return event.logLevel
  }

  private func write(_ event: Event, heldBack: Int) {
    var sentence = event.sentence(seenFrom: role)
    if heldBack > 0 { sentence += " (and \(heldBack) more like it)" }
    var fields: Logger.Metadata = [:]
    if format == .json {
      fields = event.logFields
      fields["event"] = .string(event.name)
      if heldBack > 0 { fields["held_back"] = .stringConvertible(heldBack) }
    }
    var logger = logger
    if event.isAlwaysTold { logger.logLevel = min(logger.logLevel, event.logLevel) }
    logger.log(level: level(of: event), "\(sentence)", metadata: fields)
  }
}

extension Event {
  /// What the process is and does: one line at its start, whatever the level.
  fileprivate var isAlwaysTold: Bool { if case .started = self { true } else { false } }

  /// Requests that ended as they should: told by the access log or by nobody.
  fileprivate var isForAccessLogOnly: Bool {
    guard case .exchangeEnded(let summary) = self else { return false }
    return summary.outcome == .complete || summary.outcome == .cancelled
  }
}
