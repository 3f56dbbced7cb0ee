import Gateway
import NIOCore

/// Whether one origin is to be used, by what became of requests to it and by what it says of itself. A pure value.
struct OriginHealth {
  /// That it has changed, and why.
  enum Change: Equatable {
    case down(reason: String)
    case up
  }

  private let rules: PoolRules
  /// When the failures were that still count.
  private var failures: [NIODeadline] = []
  private var outUntil: NIODeadline?
  private var failedChecks = 0
  private var passedChecks = 0
  private var isOutByChecks = false

  init(_ rules: PoolRules) { self.rules = rules }

  /// Out of use by its requests for the time that the rules say, and then until one has succeeded again: one is tried.
  func isOut(at now: NIODeadline) -> Bool { isOutByChecks || outUntil.map { now < $0 } == true }

  mutating func requestFailed(_ reason: String, at now: NIODeadline) -> Change? {
    guard rules.maximumFailures > 0 else { return nil }
    let window = TimeAmount(rules.failTimeout)
    failures.removeAll { now - $0 >= window }
    failures.append(now)
    // One that was out and is tried again has one failure left.
    guard failures.count >= rules.maximumFailures || outUntil != nil else { return nil }
    let wasOut = outUntil != nil
    failures.removeAll()
    outUntil = now + window
    return wasOut || isOutByChecks ? nil : .down(reason: reason)
  }

  mutating func requestSucceeded() -> Change? {
    failures.removeAll()
    guard outUntil != nil else { return nil }
    outUntil = nil
    return isOutByChecks ? nil : .up
  }

  mutating func checkFailed(_ reason: String) -> Change? {
    guard let check = rules.check else { return nil }
    passedChecks = 0
    failedChecks += 1
    guard failedChecks >= check.fails, !isOutByChecks else { return nil }
    isOutByChecks = true
    return outUntil == nil ? .down(reason: reason) : nil
  }

  mutating func checkPassed() -> Change? {
    guard let check = rules.check else { return nil }
    failedChecks = 0
    passedChecks = min(passedChecks + 1, check.passes)
    guard isOutByChecks, passedChecks >= check.passes else { return nil }
    isOutByChecks = false
    // Whoever answers checks need not wait for the time of its failures to pass.
    outUntil = nil
    failures.removeAll()
    return .up
  }
}
