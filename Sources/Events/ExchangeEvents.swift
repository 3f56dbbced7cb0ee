/// Which way a request went over the link.
public enum Direction: String, Sendable, CaseIterable {
  case edgeToCore = "edge_to_core"
  case coreToEdge = "core_to_edge"
}

/// One exchange, told when it is over.
///
/// Making one costs no `String`: texts are shared with the connection and the configuration, and the request's bytes are
/// slices of its head. A sink that writes no access log never pays for one.
public struct ExchangeSummary: Sendable {
  /// The name of a service that this process's configuration names, so that it may be a label of metrics; `-` where the
  /// request led to none of them.
  public var service: String
  public var direction: Direction
  /// What the client spoke, for example `HTTP/2`.
  public var clientWire: String
  /// What the origin or the link spoke; `-` where none was asked.
  public var destinationWire: String
  /// `:method` as received.
  public var methodBytes: ArraySlice<UInt8>
  /// `:path` as received, before a prefix was stripped.
  public var pathBytes: ArraySlice<UInt8>
  /// The verified identity of the edge, where this process knows it.
  public var identity: String?
  /// The address of the client or, on the core, of the edge.
  public var client: String
  /// The final status; nil when the exchange ended before an answer.
  public var status: Int?
  public var grpcStatus: Int?
  /// Bytes of content, without heads and trailers.
  public var requestBytes: UInt64
  /// Bytes of content, without heads and trailers.
  public var responseBytes: UInt64
  public var duration: Duration
  public var outcome: ExchangeOutcome
  /// What went wrong, in words; nil after a complete exchange.
  public var reason: String?

  public init(
    service: String, direction: Direction, clientWire: String, destinationWire: String, methodBytes: ArraySlice<UInt8>,
    pathBytes: ArraySlice<UInt8>, identity: String?, client: String, status: Int?, grpcStatus: Int?, requestBytes: UInt64,
    responseBytes: UInt64, duration: Duration, outcome: ExchangeOutcome, reason: String?
  ) {
    self.service = service
    self.direction = direction
    self.clientWire = clientWire
    self.destinationWire = destinationWire
    self.methodBytes = methodBytes
    self.pathBytes = pathBytes
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

  // Texts for an access log, made when they are asked for.
  public var method: String { String(decoding: methodBytes, as: UTF8.self) }
  public var path: String { String(decoding: pathBytes, as: UTF8.self) }
  /// In → out, for example `HTTP/2 → HTTP/3`.
  public var wire: String { "\(clientWire) → \(destinationWire)" }
}

/// Whether an origin gets requests.
public enum OriginState: String, Sendable, CaseIterable {
  case up, down
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
