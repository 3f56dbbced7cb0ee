/// An error code of HTTP/3 (RFC 9114 §8.1) or QPACK (RFC 9204 §6), as it stands in RESET_STREAM, STOP_SENDING and
/// CONNECTION_CLOSE frames. A code that is not listed here counts as `H3_NO_ERROR` (RFC 9114 §9).
public struct HTTP3ErrorCode: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  public static let noError = HTTP3ErrorCode(rawValue: 0x100)
  public static let generalProtocolError = HTTP3ErrorCode(rawValue: 0x101)
  public static let internalError = HTTP3ErrorCode(rawValue: 0x102)
  public static let streamCreationError = HTTP3ErrorCode(rawValue: 0x103)
  public static let closedCriticalStream = HTTP3ErrorCode(rawValue: 0x104)
  public static let frameUnexpected = HTTP3ErrorCode(rawValue: 0x105)
  public static let frameError = HTTP3ErrorCode(rawValue: 0x106)
  public static let excessiveLoad = HTTP3ErrorCode(rawValue: 0x107)
  public static let idError = HTTP3ErrorCode(rawValue: 0x108)
  public static let settingsError = HTTP3ErrorCode(rawValue: 0x109)
  public static let missingSettings = HTTP3ErrorCode(rawValue: 0x10a)
  public static let requestRejected = HTTP3ErrorCode(rawValue: 0x10b)
  public static let requestCancelled = HTTP3ErrorCode(rawValue: 0x10c)
  public static let requestIncomplete = HTTP3ErrorCode(rawValue: 0x10d)
  public static let messageError = HTTP3ErrorCode(rawValue: 0x10e)
  public static let connectError = HTTP3ErrorCode(rawValue: 0x10f)
  public static let versionFallback = HTTP3ErrorCode(rawValue: 0x110)
  public static let qpackDecompressionFailed = HTTP3ErrorCode(rawValue: 0x200)
  public static let qpackEncoderStreamError = HTTP3ErrorCode(rawValue: 0x201)
  public static let qpackDecoderStreamError = HTTP3ErrorCode(rawValue: 0x202)
}

extension HTTP3ErrorCode: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noError: "H3_NO_ERROR"
    case .generalProtocolError: "H3_GENERAL_PROTOCOL_ERROR"
    case .internalError: "H3_INTERNAL_ERROR"
    case .streamCreationError: "H3_STREAM_CREATION_ERROR"
    case .closedCriticalStream: "H3_CLOSED_CRITICAL_STREAM"
    case .frameUnexpected: "H3_FRAME_UNEXPECTED"
    case .frameError: "H3_FRAME_ERROR"
    case .excessiveLoad: "H3_EXCESSIVE_LOAD"
    case .idError: "H3_ID_ERROR"
    case .settingsError: "H3_SETTINGS_ERROR"
    case .missingSettings: "H3_MISSING_SETTINGS"
    case .requestRejected: "H3_REQUEST_REJECTED"
    case .requestCancelled: "H3_REQUEST_CANCELLED"
    case .requestIncomplete: "H3_REQUEST_INCOMPLETE"
    case .messageError: "H3_MESSAGE_ERROR"
    case .connectError: "H3_CONNECT_ERROR"
    case .versionFallback: "H3_VERSION_FALLBACK"
    case .qpackDecompressionFailed: "QPACK_DECOMPRESSION_FAILED"
    case .qpackEncoderStreamError: "QPACK_ENCODER_STREAM_ERROR"
    case .qpackDecoderStreamError: "QPACK_DECODER_STREAM_ERROR"
    default: "0x" + String(rawValue, radix: 16)
    }
  }
}
