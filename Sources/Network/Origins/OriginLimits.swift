import NIOCore
import Wires

/// Bounds of the connections to one origin from one event loop.
struct OriginLimits {
  /// Connections open or being opened.
  var connections = 512
  /// Exchanges that wait for a connection.
  var waitingExchanges = 4096
  /// How long a connection is kept without an exchange: less than what balancers and NATs keep, which forget a flow without a word.
  var idle: TimeAmount = .seconds(60)
  /// How long an origin is passed over when a connection to it failed; doubled each time until the longest.
  var rest: TimeAmount = .seconds(1)
  var longestRest: TimeAmount = .seconds(30)
  /// How long an HTTP/2 origin may be silent.
  var silence = SilenceLimits()
}

/// For how long an origin is passed over, because connections to it fail.
struct OriginRest {
  private let first: TimeAmount
  private let longest: TimeAmount
  private var length: TimeAmount?
  private var until = NIODeadline.distantPast

  init(_ limits: OriginLimits) {
    first = limits.rest
    longest = limits.longestRest
  }

  /// Whether the last attempt to connect failed.
  var hasFailed: Bool { length != nil }

  func isResting(at now: NIODeadline) -> Bool { now < until }

  mutating func connectionFailed(at now: NIODeadline) {
    // Attempts that were made together fail together, and count once.
    guard !isResting(at: now) else { return }
    let next = length.map { min($0 + $0, longest) } ?? first
    length = next
    until = now + next
  }

  mutating func connected() {
    length = nil
    until = .distantPast
  }
}
