import UnixSignals

/// Control-C, or SIGTERM: asked for between steps, or waited for.
actor Interruption {
  private var hasCome = false

  /// Begins to take the signals; they do not end the process any more.
  init() async {
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    Task { [weak self] in
      for await _ in signals { await self?.come() }
    }
  }

  /// - Throws: `CommandError` when a signal has come.
  func check() throws {
    if hasCome { throw CommandError.failure("interrupted") }
  }

  /// Returns when a signal has come.
  func wait() async throws {
    while !hasCome { try await Task.sleep(for: .milliseconds(50)) }
  }

  private func come() {
    hasCome = true
  }
}
