/// One range of bytes, as a client asks for it (`Range: bytes=…`, RFC 9110 §14.1.2).
enum ByteRange: Equatable {
  case from(Int)
  case between(Int, Int)
  case last(Int)

  /// - Returns: nil for several ranges and for what cannot be read: then all is sent.
  init?(_ field: ArraySlice<UInt8>) {
    guard field.starts(with: "bytes=".utf8) else { return nil }
    let text = field.dropFirst(6)
    guard let dash = text.firstIndex(of: UInt8(ascii: "-")) else { return nil }
    let (before, after) = (text[..<dash], text[(dash + 1)...])
    switch (before.isEmpty ? nil : Self.number(before), after.isEmpty ? nil : Self.number(after)) {
    case (let first?, let last?) where first <= last: self = .between(first, last)
    case (let first?, nil) where after.isEmpty: self = .from(first)
    case (nil, let count?) where before.isEmpty && count > 0: self = .last(count)
    default: return nil
    }
  }

  /// The bytes that are meant of so many; nil if there are none of them (416).
  func resolved(in total: Int) -> Range<Int>? {
    let range =
      switch self {
      case .from(let first): (first, total)
      case .between(let first, let last): (first, min(last + 1, total))
      case .last(let count): (max(0, total - count), total)
      }
    return range.0 < range.1 ? range.0..<range.1 : nil
  }

  /// Reads `bytes FIRST-LAST/TOTAL` of `Content-Range` (§14.4); the total is nil for `*`.
  static func contentRange(_ field: ArraySlice<UInt8>) -> (start: Int, total: Int?)? {
    guard field.starts(with: "bytes ".utf8) else { return nil }
    let parts = field.dropFirst(6).split(separator: UInt8(ascii: "/"))
    guard parts.count == 2, let dash = parts[0].firstIndex(of: UInt8(ascii: "-")), let start = number(parts[0][..<dash]) else {
      return nil
    }
    if parts[1].elementsEqual("*".utf8) { return (start, nil) }
    return number(parts[1]).map { (start, $0) }
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...15).contains(digits.count) else { return nil }
    return digits.reduce(Int?(0)) { value, byte in
      guard let value, (0x30...0x39).contains(byte) else { return nil }
      return value * 10 + Int(byte - 0x30)
    }
  }
}
