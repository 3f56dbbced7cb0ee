/// Why an exchange has no answer: who is at fault, what happened, and what that means on every wire.
///
/// One value decides status, `Proxy-Status` (RFC 9209), gRPC status, log level and whether the request may be tried again.
public struct GatewayError: Error, Sendable, Equatable {
  /// Who is at fault, seen from the process that made the error.
  public enum Side: String, Sendable {
    case client, origin, edge, core, local
  }

  /// Whether the same request may be sent again.
  public enum Retry: Sendable, Equatable {
    /// It may have been processed.
    case unsafe
    /// It certainly was not processed.
    case safe
  }

  public let side: Side
  public let cause: Cause
  public let retry: Retry
  /// One sentence for the operator: what happened, where, and what to do if that is known.
  public let message: String
  /// The status that a client gets when nothing of an answer has been sent.
  public let status: Int

  /// - Parameter status: nil for the one that RFC 9209 recommends for the cause.
  public init(_ cause: Cause, side: Side, retry: Retry = .unsafe, status: Int? = nil, message: String) {
    self.side = side
    self.cause = cause
    self.retry = retry
    self.message = message
    self.status = status ?? cause.status
  }
}

extension GatewayError {
  /// What happened; raw values are RFC 9209 §2.3's proxy error types.
  public enum Cause: String, Sendable, CaseIterable {
    case dnsError = "dns_error"
    case destinationNotFound = "destination_not_found"
    case destinationUnavailable = "destination_unavailable"
    case connectionRefused = "connection_refused"
    case connectionTerminated = "connection_terminated"
    case connectionTimeout = "connection_timeout"
    case connectionReadTimeout = "connection_read_timeout"
    case connectionLimitReached = "connection_limit_reached"
    case tlsProtocolError = "tls_protocol_error"
    case tlsCertificateError = "tls_certificate_error"
    case httpRequestError = "http_request_error"
    case httpRequestDenied = "http_request_denied"
    case httpRequestTimeout = "http_request_timeout"
    case httpRequestTooLarge = "http_request_header_section_size"
    case httpResponseIncomplete = "http_response_incomplete"
    case httpResponseTooLarge = "http_response_header_section_size"
    case httpResponseTimeout = "http_response_timeout"
    case httpProtocolError = "http_protocol_error"
    case httpUpgradeFailed = "http_upgrade_failed"
    case loopDetected = "proxy_loop_detected"
    case internalError = "proxy_internal_error"

    /// RFC 9209's recommended status of each type.
    public var status: Int {
      switch self {
      case .httpRequestError: 400
      case .httpRequestDenied: 403
      case .destinationNotFound: 404
      case .httpRequestTimeout: 408
      case .httpRequestTooLarge: 431
      case .internalError: 500
      case .httpUpgradeFailed: 501
      case .dnsError, .connectionRefused, .connectionTerminated, .tlsProtocolError, .tlsCertificateError, .httpResponseIncomplete,
        .httpResponseTooLarge, .httpProtocolError, .loopDetected:
        502
      case .destinationUnavailable, .connectionLimitReached: 503
      case .connectionTimeout, .connectionReadTimeout, .httpResponseTimeout: 504
      }
    }

    /// The gRPC status that says the same (the mapping that gRPC clients apply to HTTP statuses, and DEADLINE_EXCEEDED kept
    /// for clients' own deadlines).
    public var grpcStatus: Int {
      switch self {
      case .httpRequestError, .internalError: 13  // INTERNAL
      case .httpRequestDenied: 7  // PERMISSION_DENIED
      case .destinationNotFound: 12  // UNIMPLEMENTED
      case .httpRequestTooLarge, .httpResponseTooLarge: 8  // RESOURCE_EXHAUSTED
      default: 14  // UNAVAILABLE
      }
    }
  }
}
