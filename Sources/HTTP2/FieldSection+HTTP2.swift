import HTTPMessage

extension FieldSection {
  /// What END_STREAM and Content-Length say about the content (RFC 9113 §8.1.1).
  func bodyLength(hasEnd: Bool) -> BodyLength {
    if hasEnd { return .none }
    guard let value = first(.contentLength), let length = FieldRules.contentLength(value) else { return .unknown }
    return .known(length)
  }

  /// Brings a request's authority into the one form that quicgw keeps, `:authority` and no Host, and checks what nghttp2 leaves
  /// unchecked (RFC 9113 §8.3.1). Returns what is wrong.
  mutating func normalizeRequest() -> String? {
    if let host = first(.host) {
      if let authority = first(.authority) {
        guard authority.elementsEqual(host) else { return "Host differs from :authority" }
      } else {
        prepend(.authority, Array(host))
      }
      remove(.host)
    }
    if let authority = first(.authority) {
      guard !authority.contains(UInt8(ascii: "@")) else { return ":authority with userinfo" }
    }
    return nil
  }
}
