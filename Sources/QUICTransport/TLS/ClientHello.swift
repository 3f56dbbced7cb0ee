/// What a server looks for in a ClientHello (RFC 8446 §4.1.2) before GnuTLS reads it.
struct ClientHello {
  /// The beginning of the first ticket that the client offers; nil when there is none.
  private(set) var ticketPrefix: ArraySlice<UInt8>?
  /// Whether it has an `early_data` extension (RFC 8446 §4.2.10).
  private(set) var offersEarlyData = false

  /// A message that cannot be read has none of this; it is left to GnuTLS to say so.
  ///
  /// - Parameter body: the message without its header of four bytes.
  init(_ body: [UInt8], ticketPrefixBytes: Int) {
    var rest = body[...]
    guard rest.skip(2 + 32), rest.skipVector(lengthBytes: 1), rest.skipVector(lengthBytes: 2), rest.skipVector(lengthBytes: 1),
      var extensions = rest.takeVector(lengthBytes: 2)
    else { return }
    while let type = extensions.takeInteger(2), var content = extensions.takeVector(lengthBytes: 2) {
      switch type {
      case Self.earlyData: offersEarlyData = true
      case Self.preSharedKey:
        guard var identities = content.takeVector(lengthBytes: 2), let first = identities.takeVector(lengthBytes: 2) else { return }
        ticketPrefix = first.count >= ticketPrefixBytes ? first.prefix(ticketPrefixBytes) : nil
      default: break
      }
    }
  }

  private static let preSharedKey = 41
  private static let earlyData = 42
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
