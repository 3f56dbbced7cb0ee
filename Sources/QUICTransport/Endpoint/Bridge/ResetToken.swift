internal import CGnuTLS
internal import CNgtcp2

/// A stateless reset token, RFC 9000 §10.3.
struct ResetToken: Hashable {
  private var word0: UInt64 = 0
  private var word1: UInt64 = 0

  /// Copies 16 bytes; nil when there are not as many.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == ResetToken.byteCount else { return nil }
    unsafe withUnsafeMutableBytes(of: &self) { unsafe $0.copyMemory(from: bytes) }
  }

  /// Calculates the token of a connection ID that we issued, RFC 9000 §10.3.2.
  init(of id: ConnectionID, key: [UInt8]) {
    let hash = derive(key: key, from: unsafe id.withBytes { unsafe Array($0) })
    unsafe withUnsafeMutableBytes(of: &self) { unsafe $0.copyBytes(from: hash[..<ResetToken.byteCount]) }
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe withUnsafeBytes(of: self) { unsafe body($0) }
  }

  /// Writes the token into a field of a C struct.
  func copy<Field>(to field: inout Field) {
    unsafe withUnsafeMutableBytes(of: &field) { field in
      unsafe withBytes { token in
        unsafe field.copyMemory(from: UnsafeRawBufferPointer(rebasing: token[..<min(token.count, field.count)]))
      }
    }
  }

  static let byteCount = 16
}

/// HMAC-SHA-256 of `text`: a key or a token that says nothing about the key it comes from.
func derive(key: [UInt8], from text: [UInt8]) -> [UInt8] {
  var hash = [UInt8](repeating: 0, count: 32)
  // Fails only for an algorithm that GnuTLS does not have.
  _ = unsafe gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key.count, text, text.count, &hash)
  return hash
}
