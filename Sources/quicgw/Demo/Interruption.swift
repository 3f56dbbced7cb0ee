import Synchronization
import UnixSignals

/// Control-C, or SIGTERM: asked for between steps, or waited for.
final class Interruption: Sendable {
  private let signals: UnixSignalsSequence
  private let hasCome = Atomic<Bool>(false)

  /// Begins to take the signals; they do not end the process any more.
  static func awaitable() async -> Interruption {
    Interruption(await UnixSignalsSequence(trapping: .sigterm, .sigint))
  }

  private init(_ signals: UnixSignalsSequence) {
    self.signals = signals
    Task {
      for await _ in signals { hasCome.store(true, ordering: .relaxed) }
    }
  }

  /// - Throws: `CommandError` when a signal has come.
  func check() throws {
    if hasCome.load(ordering: .relaxed) { throw CommandError.failure("interrupted") }
  }

  /// Returns when a signal has come.
  func wait() async throws {
    while !hasCome.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(50)) }
  }
}
