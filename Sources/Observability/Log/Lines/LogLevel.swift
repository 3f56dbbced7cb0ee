public import Logging

/// The levels of the log, by swift-log's names.
public typealias LogLevel = Logger.Level

extension Logger.Level {
  /// The level as text lines show it.
  var label: String {
    switch self {
    case .trace: "TRACE"
    case .debug: "DEBUG"
    case .info: "INFO"
    case .notice: "NOTICE"
    case .warning: "WARNING"
    case .error: "ERROR"
    case .critical: "CRITICAL"
    }
  }
}
