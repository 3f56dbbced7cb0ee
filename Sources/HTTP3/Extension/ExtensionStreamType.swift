/// The type of a unidirectional stream that HTTP/3 does not know (RFC 9114 §6.2), which peers who do not know it either ignore (§9).
public struct ExtensionStreamType: Sendable, Equatable {
  /// The type as it stands at the beginning of the stream: a variable-length integer (RFC 9000 §16).
  let encoded: [UInt8]

  /// - Parameter value: below 2^30, and none of the reserved ones (RFC 9114 §6.2.3).
  public init(_ value: UInt32) {
    precondition(value < 1 << 30 && (value < 0x21 || (value - 0x21) % 0x1f != 0), "no type for an extension: \(value)")
    encoded = (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) | ($0 == 0 ? 0x80 : 0) }
  }
}
