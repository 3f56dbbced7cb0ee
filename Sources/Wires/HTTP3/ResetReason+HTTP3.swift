import Exchange
import HTTP3

// RFC 9114 §8.1's codes for the reasons of an exchange and back: the one place that knows both.

extension HTTP3ErrorCode {
  init(_ reason: ResetReason) {
    switch reason {
    case .noError: self = .noError
    case .cancelled: self = .requestCancelled
    case .refused: self = .requestRejected
    case .malformed: self = .messageError
    case .excessiveLoad: self = .excessiveLoad
    case .internalError: self = .internalError
    case .incomplete: self = .requestIncomplete
    case .connectionLost: self = .requestCancelled
    }
  }
}

extension HTTP3ErrorCode {
  /// What a client resets its request with: a code that says "not processed" or "no error" is not its to use (RFC 9114 §4.1.1).
  init(cancelling reason: ResetReason) {
    switch reason {
    case .noError, .refused: self = .requestCancelled
    default: self.init(reason)
    }
  }
}

extension ResetReason {
  /// Codes that mean nothing for one message count as no error (RFC 9114 §9), except that a message which ends so is cancelled.
  init(_ code: HTTP3ErrorCode) {
    switch code {
    case .noError: self = .noError
    case .requestCancelled: self = .cancelled
    case .requestRejected: self = .refused
    case .messageError, .generalProtocolError, .frameError, .frameUnexpected: self = .malformed
    case .excessiveLoad: self = .excessiveLoad
    case .internalError, .connectError, .versionFallback: self = .internalError
    case .requestIncomplete: self = .incomplete
    default: self = .cancelled
    }
  }
}
