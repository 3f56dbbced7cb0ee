/// Which way a request went over the link.
public enum Direction: String, Sendable, CaseIterable {
  case edgeToCore = "edge_to_core"
  case coreToEdge = "core_to_edge"
}

/// One exchange, told when it is over.
public struct ExchangeSummary: Sendable {
  public var service: String
  public var direction: Direction
  /// What the client spoke and what the origin or link spoke, for example `HTTP/2` and `HTTP/3`.
  public var wire: String
  public var method: String
  public var path: String
  /// The verified identity of the edge, where this process knows it.
  public var identity: String?
  public var client: String
  /// The final status; nil when the exchange ended before an answer.
  public var status: Int?
  public var grpcStatus: Int?
  public var requestBytes: UInt64
  public var responseBytes: UInt64
  public var duration: Duration
  public var outcome: ExchangeOutcome
  /// What went wrong, in words; nil after a complete exchange.
  public var reason: String?

  public init(
    service: String, direction: Direction, wire: String, method: String, path: String, identity: String?, client: String,
    status: Int?, grpcStatus: Int?, requestBytes: UInt64, responseBytes: UInt64, duration: Duration, outcome: ExchangeOutcome,
    reason: String?
  ) {
    self.service = service
    self.direction = direction
    self.wire = wire
    self.method = method
    self.path = path
    self.identity = identity
    self.client = client
    self.status = status
    self.grpcStatus = grpcStatus
    self.requestBytes = requestBytes
    self.responseBytes = responseBytes
    self.duration = duration
    self.outcome = outcome
    self.reason = reason
  }
}

/// How an exchange ended.
public enum ExchangeOutcome: String, Sendable, CaseIterable {
  case complete
  /// The client reset it or left.
  case cancelled
  /// Answered by this process with an error of its own.
  case refused
  /// Broken after the head was sent.
  case broken
}

/// Why a message from outside was refused by a wire.
public enum MessageRefusal: String, Sendable, CaseIterable {
  case malformed
  case ambiguousLength = "ambiguous_length"
  case forbiddenField = "forbidden_field"
  case fieldsTooLarge = "fields_too_large"
  case unsupported
  case timedOut = "timed_out"
  case excessive
}
