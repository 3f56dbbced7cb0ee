import Exchange
import HTTP2

extension ResetReason {
  /// What a peer's RST_STREAM says (RFC 9113 §7).
  init(_ code: HTTP2ErrorCode) {
    self =
      switch code {
      case .noError: .noError
      case .cancel: .cancelled
      case .refusedStream: .refused
      case .protocolError, .frameSizeError, .compressionError, .streamClosed: .malformed
      case .enhanceYourCalm, .flowControlError: .excessiveLoad
      default: .internalError
      }
  }

  /// The code to reset a stream with for this reason.
  var http2Code: HTTP2ErrorCode {
    switch self {
    case .noError: .noError
    case .cancelled, .connectionLost: .cancel
    case .refused: .refusedStream
    case .malformed: .protocolError
    case .excessiveLoad: .enhanceYourCalm
    case .internalError, .incomplete: .internalError
    }
  }
}
