import Synchronization

/// Bytes that those who share it may hold in memory together: files for which the disk has no room, answers that are being fetched.
final class MemoryAllowance: Sendable {
  private let rest: Mutex<Int>

  init(_ byteCount: Int) { rest = Mutex(byteCount) }

  func take(_ byteCount: Int) -> Bool {
    rest.withLock { rest in
      guard rest >= byteCount else { return false }
      rest -= byteCount
      return true
    }
  }

  /// Takes bytes for what is done then, and gives them back when that fails.
  /// - Returns: false if there are not so many left; nothing is done then.
  func take<Failure>(_ byteCount: Int, for work: () throws(Failure) -> Void) throws(Failure) -> Bool {
    guard take(byteCount) else { return false }
    do {
      try work()
    } catch {
      giveBack(byteCount)
      throw error
    }
    return true
  }

  func giveBack(_ byteCount: Int) { rest.withLock { $0 += byteCount } }
}
