/// What a server looks for in a ClientHello (RFC 8446 §4.1.2) before GnuTLS reads it.
enum ClientHello {
  /// The beginning of the first ticket that the client offers; nil when there is none, or the message cannot be read, which is left to
  /// GnuTLS to say.
  ///
  /// - Parameter body: the message without its header of four bytes.
  static func ticketPrefix(in body: [UInt8], byteCount: Int) -> ArraySlice<UInt8>? {
    var rest = body[...]
    guard rest.skip(2 + 32), rest.skipVector(lengthBytes: 1), rest.skipVector(lengthBytes: 2), rest.skipVector(lengthBytes: 1),
      var extensions = rest.takeVector(lengthBytes: 2)
    else { return nil }
    while let type = extensions.takeInteger(2), var content = extensions.takeVector(lengthBytes: 2) {
      guard type == preSharedKey else { continue }
      guard var identities = content.takeVector(lengthBytes: 2), let first = identities.takeVector(lengthBytes: 2) else { return nil }
      return first.count >= byteCount ? first.prefix(byteCount) : nil
    }
    return nil
  }

  private static let preSharedKey = 41
}

extension ArraySlice<UInt8> {
  fileprivate mutating func skip(_ byteCount: Int) -> Bool {
    guard count >= byteCount else { return false }
    self = dropFirst(byteCount)
    return true
  }

  fileprivate mutating func takeInteger(_ byteCount: Int) -> Int? {
    guard count >= byteCount else { return nil }
    defer { self = dropFirst(byteCount) }
    return prefix(byteCount).reduce(0) { $0 << 8 | Int($1) }
  }

  fileprivate mutating func takeVector(lengthBytes: Int) -> ArraySlice<UInt8>? {
    guard let length = takeInteger(lengthBytes), count >= length else { return nil }
    defer { self = dropFirst(length) }
    return prefix(length)
  }

  fileprivate mutating func skipVector(lengthBytes: Int) -> Bool { takeVector(lengthBytes: lengthBytes) != nil }
}
