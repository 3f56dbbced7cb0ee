import Glibc

/// A system call that failed where it must not.
struct SystemError: Error, CustomStringConvertible {
  /// What was tried, as the begin of a sentence: `qg0 cannot be read`.
  let attempt: String
  let code: Int32

  /// The last error of this thread.
  init(_ attempt: String) {
    self.attempt = attempt
    code = errno
  }

  var description: String { "\(attempt): \(unsafe String(cString: strerror(code)))" }
}
