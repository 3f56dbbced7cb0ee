public import Logging

/// How a line of the log looks.
public enum LogFormat: String, Sendable, CaseIterable {
  /// Time, level and a sentence, then `key=value` pairs: for people.
  case text
  /// One object a line with stable keys: for machines.
  case json
}

/// What of the log is written, and how.
public struct LogSettings: Sendable, Equatable {
  public var format: LogFormat
  /// Lines below this level are not made.
  public var level: LogLevel
  /// One line a request.
  public var isAccessLogOn: Bool

  public init(format: LogFormat = .text, level: LogLevel = .info, isAccessLogOn: Bool = true) {
    self.format = format
    self.level = level
    self.isAccessLogOn = isAccessLogOn
  }
}
