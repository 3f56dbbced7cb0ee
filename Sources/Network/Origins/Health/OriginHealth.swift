import Gateway
import NIOCore

/// Whether one origin is to be used, by what became of requests to it and by what it says of itself. A pure value.
///
/// Failures count as they do with nginx: successes in between do not take them back, and one that is out has to prove itself by a
/// single request when its time is over.
struct OriginHealth {
  /// That it has changed, and why.
  enum Change: Equatable {
    case down(reason: String)
    case up
  }

  /// What requests have shown.
  private enum Standing: Equatable {
    case well
    /// Passed over until then.
    case out(until: NIODeadline)
    /// A request is on its way to it; the others pass over it until that is answered, or until then.
    case onTrial(until: NIODeadline)
  }

  private let rules: PoolRules
  /// Whether there is no other: then requests have no choice, and nothing is said of it for their failures.
  private let isAlone: Bool
  private var standing = Standing.well
  /// When the failures were that still count.
  private var failures: [NIODeadline] = []
  private var failedChecks = 0
  private var passedChecks = 0
  private var isOutByChecks = false

  init(_ rules: PoolRules, isAlone: Bool = false) {
    self.rules = rules
    self.isAlone = isAlone
  }

  /// Whether nothing speaks against it, now and until it fails again.
  var isWell: Bool { standing == .well && !isOutByChecks }

  func isOut(at now: NIODeadline) -> Bool {
    switch standing {
    case .well: isOutByChecks
    case .out(let end), .onTrial(let end): isOutByChecks || now < end
    }
  }

  /// A request goes to it, although it was out before: because its time is over, or because there is nobody else.
  mutating func requestSent(at now: NIODeadline) {
    switch standing {
    case .well: break
    case .out(let end), .onTrial(let end): standing = .onTrial(until: now < end ? end : now + window)
    }
  }

  mutating func requestFailed(_ reason: String, at now: NIODeadline) -> Change? {
    guard rules.maximumFailures > 0, !isAlone else { return nil }
    let window = window
    failures.removeAll { now - $0 >= window }
    failures.append(now)
    let wasWell = isWell
    // One that was out has one failure left.
    guard failures.count >= rules.maximumFailures || standing != .well else { return nil }
    failures.removeAll()
    standing = .out(until: now + window)
    return wasWell ? .down(reason: reason) : nil
  }

  /// An answer of one that is out and was not tried since is an answer to what it took before.
  mutating func requestSucceeded() -> Change? {
    guard case .onTrial = standing else { return nil }
    standing = .well
    return isOutByChecks ? nil : .up
  }

  mutating func checkFailed(_ reason: String) -> Change? {
    guard let check = rules.check else { return nil }
    passedChecks = 0
    failedChecks += 1
    guard failedChecks >= check.fails, !isOutByChecks else { return nil }
    isOutByChecks = true
    return standing == .well ? .down(reason: reason) : nil
  }

  mutating func checkPassed() -> Change? {
    guard let check = rules.check else { return nil }
    failedChecks = 0
    passedChecks = min(passedChecks + 1, check.passes)
    guard isOutByChecks, passedChecks >= check.passes else { return nil }
    isOutByChecks = false
    // Whoever answers checks need not wait for the time of its failures to pass.
    standing = .well
    failures.removeAll()
    return .up
  }

  private var window: TimeAmount { TimeAmount(rules.failTimeout) }
}
