/// Why a configuration cannot be used: one sentence that says where, what is wrong and what to do. The program ends with status
/// 2.
public struct ConfigurationError: Error, Sendable, Equatable {
  /// The file and, where it is known, the line; nil for flags and defaults.
  public var place: String?
  /// The key as a path, `services.modules.origins[0]`, or the flag.
  public var path: String
  public var message: String
  /// What to do.
  public var advice: String

  public init(place: String? = nil, path: String, message: String, advice: String) {
    self.place = place
    self.path = path
    self.message = message
    self.advice = advice
  }
}

extension ConfigurationError: CustomStringConvertible {
  public var description: String {
    let subject = [place, path.isEmpty ? nil : path].compactMap { $0 }.joined(separator: ": ")
    return subject.isEmpty ? "\(message); \(advice)" : "\(subject): \(message); \(advice)"
  }
}

/// Something that works today and should be looked at.
public struct ConfigurationWarning: Sendable, Equatable, CustomStringConvertible {
  /// The key as a path, or the flag.
  public var path: String
  public var message: String
  /// Whether a running process says the same by itself, again and again as time goes by.
  public var isToldWhileRunning = false

  public init(path: String, message: String, isToldWhileRunning: Bool = false) {
    self.path = path
    self.message = message
    self.isToldWhileRunning = isToldWhileRunning
  }

  public var description: String { "\(path): \(message)" }
}

/// A configuration together with what should be said about it.
public struct Checked<Configuration: Sendable>: Sendable {
  public var configuration: Configuration
  public var warnings: [ConfigurationWarning]

  public init(_ configuration: Configuration, warnings: [ConfigurationWarning]) {
    self.configuration = configuration
    self.warnings = warnings
  }
}
