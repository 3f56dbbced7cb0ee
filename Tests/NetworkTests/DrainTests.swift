import Testing

@testable import Network

@Suite(.alone) struct `A process drains once` {
  @Test(.timeLimit(.minutes(1))) func `whoever asks again waits for the same`() async throws {
    let site = try await Site.start()
    async let first: Void = site.edge.drain()
    async let second: Void = site.edge.drain()
    _ = try await (first, second)
    try await site.edge.drain()
    try await site.core.drain()
    try await site.core.drain()
    try await site.origin.stop()
  }

  @Test(.timeLimit(.minutes(1))) func `a task that is cancelled cancels the steps, and the others hear of it`() async throws {
    let drain = Drain()
    let asked = Task { try await drain.run { try await Task.sleep(for: .seconds(600)) } }
    let other = Task { try await drain.run {} }
    asked.cancel()
    for task in [asked, other] {
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }
}
