import Foundation

/// One line of the demo for each thing that crossed, and whether all of it was right.
struct DemoReport {
  private(set) var failureCount = 0
  private(set) var stepCount = 0
  private let interruption: Interruption
  private var isInterrupted = false

  init(_ interruption: Interruption) {
    self.interruption = interruption
  }

  /// Prints the names of the columns.
  static func printHeader() {
    StandardOutput.write(
      line("", "what crossed", "in → link → out", "edge, as the core saw it", "status", "bytes", "time"))
  }

  /// Runs a step, prints its line and remembers whether it succeeded.
  mutating func run(_ what: String, _ step: @escaping @Sendable () async throws -> Crossing) async {
    guard (try? await interruption.check()) != nil else {
      isInterrupted = true
      return
    }
    stepCount += 1
    let number = String(stepCount)
    do {
      let began = ContinuousClock.now
      let crossing = try await withDeadline(.seconds(60), step)
      let time = ContinuousClock.now - began
      StandardOutput.write(
        Self.line(
          number, what, crossing.way, crossing.identity, crossing.status, Self.bytes(crossing.byteCount), Self.milliseconds(time))
          + "  ✓")
    } catch {
      failureCount += 1
      let reason = (error as? CommandError)?.message ?? "\(error)"
      StandardOutput.write(Self.line(number, what, "", "", "", "", "") + "✗ FAILED: \(reason)")
    }
  }

  /// - Throws: `CommandError` when steps were left out because the user wanted to end.
  func checkComplete() async throws {
    if isInterrupted { try await interruption.check() }
  }

  private static func line(
    _ number: String, _ what: String, _ way: String, _ identity: String, _ status: String, _ bytes: String, _ time: String
  ) -> String {
    func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
    func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    let columns = [
      right(number, 2), left(what, 48), left(way, 30), left(identity, 24), left(status, 10), right(bytes, 9), right(time, 10),
    ]
    return columns.joined(separator: "  ")
  }

  private static func bytes(_ count: Int) -> String {
    switch count {
    case ..<1_000: "\(count) B"
    case ..<1_000_000: String(format: "%.1f kB", Double(count) / 1e3)
    default: String(format: "%.1f MB", Double(count) / 1e6)
    }
  }

  private static func milliseconds(_ duration: Duration) -> String {
    String(format: "%.1f ms", Double(duration.components.seconds) * 1e3 + Double(duration.components.attoseconds) / 1e15)
  }
}

/// Runs something that may not take for ever.
/// - Throws: `CommandError` when `limit` is over; the work is cancelled then.
func withDeadline<Value: Sendable>(_ limit: Duration, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value
{
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask { try await work() }
    group.addTask {
      try await Task.sleep(for: limit)
      throw CommandError.failure("nothing came within \(limit)")
    }
    defer { group.cancelAll() }
    guard let value = try await group.next() else { throw CancellationError() }
    return value
  }
}
