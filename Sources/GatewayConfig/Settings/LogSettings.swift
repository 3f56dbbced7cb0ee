/// `log` in both files.
public struct LogSettings: Sendable, Equatable {
  public enum Format: String, Sendable, CaseIterable {
    case text, json
  }

  /// The names of swift-log's levels.
  public enum Level: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
  }

  /// `format`
  public var format = Format.text
  /// `level`
  public var level = Level.info
  /// `access`: one line for each request.
  public var access = true

  public init() {}

  public static let defaults = LogSettings()
}
