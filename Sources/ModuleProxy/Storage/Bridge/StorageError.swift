import Glibc

/// Why the cache's folder cannot be used, in words for the operator.
public struct StorageError: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }

  /// What the system says about the last call.
  static func system(_ path: String) -> StorageError {
    StorageError("\(path): \(unsafe String(cString: strerror(errno)))")
  }
}
