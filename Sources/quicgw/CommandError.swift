import Foundation

/// Why a command ends early: one sentence for the user and the exit status that goes with it.
struct CommandError: Error {
  let message: String
  let status: Int32

  /// Exit status of everything that the user puts right in the command line, the configuration or a file that it names.
  static let configurationStatus: Int32 = 2

  /// Something in the command line or the configuration cannot be used as it is: exit status 2.
  static func configuration(_ message: String) -> CommandError {
    CommandError(message: message, status: configurationStatus)
  }

  /// The command was right and failed in its work: exit status 1.
  static func failure(_ message: String) -> CommandError {
    CommandError(message: message, status: 1)
  }
}

/// Standard error, a line at a time, with one write a line so that lines of several processes do not mix.
enum StandardError {
  static func write(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}

/// Standard output, written at once: a pipe's reader sees each line when it is printed.
enum StandardOutput {
  static func write(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}
