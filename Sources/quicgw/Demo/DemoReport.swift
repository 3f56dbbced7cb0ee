import Exchange
import Foundation
import HTTPMessage

/// One line of the demo for each thing that crossed, and whether all of it was right.
struct DemoReport {
  private(set) var failureCount = 0
  private(set) var stepCount = 0

  /// Prints the names of the columns.
  static func printHeader() {
    StandardOutput.write(
      line("", "what crossed", "in → link → out", "edge, as the core saw it", "status", "bytes", "time"))
  }

  /// Runs a step, prints its line and remembers whether it succeeded.
  mutating func run(_ what: String, _ step: @escaping @Sendable () async throws -> Crossing) async {
    stepCount += 1
    let number = String(stepCount)
    do {
      let began = ContinuousClock.now
      let crossing = try await withDeadline(.seconds(60), step)
      let time = ContinuousClock.now - began
      StandardOutput.write(
        Self.line(
          number, what, crossing.way, crossing.identity, crossing.status, Self.bytes(crossing.byteCount), Self.milliseconds(time)) + "  ✓")
    } catch {
      failureCount += 1
      let reason = (error as? CommandError)?.message ?? "\(error)"
      StandardOutput.write(Self.line(number, what, "", "", "", "", "") + "✗ FAILED: \(reason)")
    }
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

/// What a step found out, as evidence from the far end: the origin tells what it saw.
struct Crossing: Sendable {
  /// The protocols: client's, the link's, the origin's.
  let way: String
  let identity: String
  let status: String
  let byteCount: Int

  /// Reads the origin's report in an answer.
  /// - Parameters:
  ///   - wire: what the client spoke.
  ///   - identity: the name that the edge's certificate has.
  ///   - status: shown in place of the HTTP status.
  /// - Throws: when the request went another way than it should have.
  init(_ head: ResponseHead, wire: WireProtocol, identity: String, status: String? = nil, byteCount: Int) throws {
    guard let seen = head.fields.text(OriginSight.edge), let via = head.fields.text(OriginSight.via),
      let out = head.fields.text(OriginSight.wire)
    else {
      let text = head.fields.text(.proxyStatus) ?? "no Proxy-Status"
      throw CommandError.failure("status \(head.status), and not from the origin (\(text))")
    }
    guard seen == identity else { throw CommandError.failure("the origin was told the edge is \(seen), not \(identity)") }
    // `1.1 quicgw-edge-…, 3 quicgw-core-…`: how each hop received the request.
    let hops = via.split(separator: ",").map { $0.split(separator: " ").first.map(String.init) ?? "" }
    guard hops == [wire.viaVersion, WireProtocol.http3.viaVersion] else {
      throw CommandError.failure("the origin saw another way: \(via)")
    }
    way = "\(wire.rawValue) → \(WireProtocol.http3.rawValue) → \(out)"
    self.identity = seen
    self.status = status ?? String(head.status)
    self.byteCount = byteCount
  }

  /// One line for many alike.
  func summingBytes(of crossings: [Crossing]) -> Crossing {
    Crossing(self, byteCount: crossings.reduce(0) { $0 + $1.byteCount })
  }

  private init(_ crossing: Crossing, byteCount: Int) {
    way = crossing.way
    identity = crossing.identity
    status = crossing.status
    self.byteCount = byteCount
  }
}

/// Runs something that may not take for ever.
/// - Throws: `CommandError` when `limit` is over; the work is cancelled then.
func withDeadline<Value: Sendable>(_ limit: Duration, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
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
