import Testing

extension Trait where Self == Alone {
  /// For suites whose tests measure time, or keep both processors busy for seconds: one of them at a time.
  static var alone: Alone { Alone() }
}

/// Runs a suite when no other of its kind runs. Tests inside it still run side by side.
struct Alone: SuiteTrait, TestScoping {
  private static let turn = Turn()

  func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
    await Self.turn.begin()
    do {
      try await function()
      await Self.turn.end()
    } catch {
      await Self.turn.end()
      throw error
    }
  }

  private actor Turn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func begin() async {
      guard isTaken else { return isTaken = true }
      await withCheckedContinuation { waiting.append($0) }
    }

    /// Hands the turn on to whoever waits longest.
    func end() {
      if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
  }
}
