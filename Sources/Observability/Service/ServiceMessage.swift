/// What a service tells its manager, in the words of sd_notify(3).
public enum ServiceMessage: Sendable, Equatable {
  /// Start-up, or a reload, is complete. The status is one line for `systemctl status`.
  case ready(status: String)
  /// A reload has begun, at this time of the monotonic clock in microseconds.
  case reloading(monotonicMicroseconds: UInt64)
  case stopping(status: String)
  case status(String)
  /// Still alive; due within every watchdog period.
  case watchdog

  /// The datagram's text: assignments, one a line. A line feed in a status would begin another assignment and becomes a blank.
  public var text: String {
    switch self {
    case .ready(let status): "READY=1\n" + Self.assignment(status)
    case .reloading(let microseconds): "RELOADING=1\nMONOTONIC_USEC=\(microseconds)\n"
    case .stopping(let status): "STOPPING=1\n" + Self.assignment(status)
    case .status(let status): Self.assignment(status)
    case .watchdog: "WATCHDOG=1\n"
    }
  }

  private static func assignment(_ status: String) -> String {
    "STATUS=" + String(status.map { $0.isNewline || $0 == "\0" ? " " : $0 }) + "\n"
  }
}
