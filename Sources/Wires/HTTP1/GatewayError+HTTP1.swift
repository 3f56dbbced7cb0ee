import Events
import Exchange
import HTTP1

extension GatewayError {
  /// A request that cannot be passed on: the client's fault.
  init(refusedRequest error: HTTP1Error) {
    let cause: Cause =
      switch error.kind {
      case .fieldsTooLarge: .httpRequestTooLarge
      case .unsupported: .httpUpgradeFailed
      case .malformed, .ambiguousLength, .forbiddenField, .incomplete: .httpRequestError
      }
    self.init(cause, side: .client, message: "the request was refused: \(error.reason)")
  }

  /// A response that cannot be passed on: the origin's fault.
  init(refusedResponse error: HTTP1Error, from origin: String) {
    let cause: Cause = error.kind == .fieldsTooLarge ? .httpResponseTooLarge : .httpProtocolError
    self.init(cause, side: .origin, message: "\(origin) sent a response that was refused: \(error.reason)")
  }
}

extension MessageRefusal {
  init(_ kind: HTTP1Error.Kind) {
    self =
      switch kind {
      case .malformed, .incomplete: .malformed
      case .ambiguousLength: .ambiguousLength
      case .forbiddenField: .forbiddenField
      case .fieldsTooLarge: .fieldsTooLarge
      case .unsupported: .unsupported
      }
  }
}
