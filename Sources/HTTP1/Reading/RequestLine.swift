import HTTPMessage

/// The request line (RFC 9112 §3) and what its target says.
struct RequestLine {
  let method: Range<Int>
  let target: Target
  /// 0 or 1: HTTP/1.0 or HTTP/1.1.
  let minorVersion: UInt8
  /// Where the field lines begin.
  let end: Int

  /// The four forms of a request target (RFC 9112 §3.2).
  enum Target: Equatable {
    case origin(path: Range<Int>)
    case absolute(isSecure: Bool, authority: Range<Int>, path: Range<Int>)
    case authority(Range<Int>)
    case asterisk
  }

  init(_ bytes: [UInt8], limits: MessageLimits) throws(HTTP1Error) {
    let feed = bytes.firstIndex(of: 0x0a) ?? bytes.count - 1
    let line = 0..<max(0, feed - 1)
    guard
      let methodEnd = bytes[line].firstIndex(of: 0x20), methodEnd > 0, OctetClass.token.holds(bytes, 0..<methodEnd)
    else { throw HTTP1Error(.malformed, "a request line without a method") }
    let rest = methodEnd + 1..<line.upperBound
    guard let targetEnd = bytes[rest].firstIndex(of: 0x20), targetEnd > rest.lowerBound else {
      throw HTTP1Error(.malformed, "a request line without a target or version")
    }
    let target = rest.lowerBound..<targetEnd
    guard target.count <= limits.valueBytes, methodEnd <= limits.nameBytes else {
      throw HTTP1Error(.fieldsTooLarge, "the request target is too long")
    }
    guard OctetClass.target.holds(bytes, target) else { throw HTTP1Error(.malformed, "a bad character in the request target") }
    method = 0..<methodEnd
    minorVersion = try Self.minorVersion(bytes[targetEnd + 1..<line.upperBound])
    self.target = try Self.target(bytes, target, method: bytes[method])
    end = feed + 1
  }

  /// The version at the end of a request line or the beginning of a status line (RFC 9112 §2.3).
  static func minorVersion(_ bytes: ArraySlice<UInt8>) throws(HTTP1Error) -> UInt8 {
    guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), bytes[bytes.startIndex + 6] == UInt8(ascii: ".") else {
      throw HTTP1Error(.malformed, "not an HTTP version")
    }
    let major = bytes[bytes.startIndex + 5]
    let minor = bytes[bytes.startIndex + 7]
    guard (48...57).contains(major), (48...57).contains(minor) else { throw HTTP1Error(.malformed, "not an HTTP version") }
    guard major == UInt8(ascii: "1") else { throw HTTP1Error(.unsupported, "an HTTP version other than 1.0 and 1.1") }
    return minor == UInt8(ascii: "0") ? 0 : 1
  }

  private static func target(
    _ bytes: [UInt8], _ range: Range<Int>, method: ArraySlice<UInt8>
  ) throws(HTTP1Error) -> Target {
    if method.elementsEqual("CONNECT".utf8) {
      guard isHostWithPort(bytes, range) else { throw HTTP1Error(.malformed, "CONNECT wants host:port") }
      return .authority(range)
    }
    if bytes[range.lowerBound] == UInt8(ascii: "/") { return .origin(path: range) }
    if range.count == 1, bytes[range.lowerBound] == UInt8(ascii: "*") {
      guard method.elementsEqual("OPTIONS".utf8) else { throw HTTP1Error(.malformed, "only OPTIONS may ask for *") }
      return .asterisk
    }
    return try absoluteTarget(bytes, range)
  }

  private static func absoluteTarget(_ bytes: [UInt8], _ range: Range<Int>) throws(HTTP1Error) -> Target {
    let isSecure: Bool
    let authorityStart: Int
    if startsIgnoringCase(bytes, range, "http://") {
      isSecure = false
      authorityStart = range.lowerBound + 7
    } else if startsIgnoringCase(bytes, range, "https://") {
      isSecure = true
      authorityStart = range.lowerBound + 8
    } else {
      throw HTTP1Error(.malformed, "a request target of no known form")
    }
    let tail = authorityStart..<range.upperBound
    let authorityEnd = bytes[tail].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? range.upperBound
    let authority = authorityStart..<authorityEnd
    guard !authority.isEmpty, OctetClass.authority.holds(bytes, authority) else {
      throw HTTP1Error(.malformed, "a bad authority in the request target")
    }
    return .absolute(isSecure: isSecure, authority: authority, path: authorityEnd..<range.upperBound)
  }

  private static func startsIgnoringCase(_ bytes: [UInt8], _ range: Range<Int>, _ prefix: StaticString) -> Bool {
    let count = prefix.utf8CodeUnitCount
    return range.count >= count
      && ConnectionOptions.equalsIgnoringCase(bytes[range.lowerBound..<range.lowerBound + count], prefix)
  }

  private static func isHostWithPort(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    guard OctetClass.authority.holds(bytes, range), let colon = bytes[range].lastIndex(of: UInt8(ascii: ":")) else {
      return false
    }
    let port = bytes[(colon + 1)..<range.upperBound]
    guard colon > range.lowerBound, let number = FieldRules.contentLength(port) else { return false }
    return (1...65535).contains(number)
  }
}
