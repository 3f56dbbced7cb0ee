import Synchronization

/// The drain of a process: it happens once, however often and from wherever it is asked for.
final class Drain: Sendable {
  private let task = Mutex<Task<Void, any Error>?>(nil)

  /// Takes the steps, or waits for them where they were begun before. A cancelled task among those that wait cancels them.
  func run(_ steps: @escaping @Sendable () async throws -> Void) async throws {
    let begun = task.withLock { task in
      let begun = task ?? Task { try await steps() }
      task = begun
      return begun
    }
    try await withTaskCancellationHandler {
      try await begun.value
    } onCancel: {
      begun.cancel()
    }
  }
}
