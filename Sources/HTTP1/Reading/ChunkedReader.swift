import HTTPMessage
import NIOCore

/// The chunked transfer coding (RFC 9112 §7.1).
struct ChunkedReader {
  private var state = State.size
  private var extensionBytes = 0

  private enum State {
    case size
    case data(left: UInt64)
    case dataEnd
    case trailers(SectionScanner)
  }

  /// The next piece of content or the end; nil when more bytes are needed.
  mutating func next(from input: inout ByteBuffer, limits: MessageLimits) throws(HTTP1Error) -> BodyReader.Part? {
    while true {
      switch state {
      case .size:
        guard let size = try readSize(from: &input) else { return nil }
        state = size == 0 ? .trailers(SectionScanner()) : .data(left: size)
      case .data(let left):
        let count = Int(min(left, UInt64(input.readableBytes)))
        guard count > 0, let slice = input.readSlice(length: count) else { return nil }
        state = UInt64(count) == left ? .dataEnd : .data(left: left - UInt64(count))
        return .content(slice)
      case .dataEnd:
        guard let end = input.readInteger(as: UInt16.self) else { return nil }
        guard end == 0x0d0a else { throw HTTP1Error(.malformed, "a chunk that is longer than its size") }
        state = .size
      case .trailers(var scanner):
        let limit = limits.sectionBytes + 256
        guard let length = try scanner.find(in: input, limit: limit), var bytes = input.readBytes(length: length) else {
          state = .trailers(scanner)
          return nil
        }
        return .end(try Self.trailers(&bytes, limits: limits))
      }
    }
  }

  /// Reads `size [ ext ] CRLF`; extensions are bounded and ignored.
  private mutating func readSize(from input: inout ByteBuffer) throws(HTTP1Error) -> UInt64? {
    let window = input.readableBytesView.prefix(Self.sizeLineBytes)
    guard let feed = window.firstIndex(of: 0x0a) else {
      guard window.count < Self.sizeLineBytes else { throw HTTP1Error(.malformed, "a chunk size line that is too long") }
      return nil
    }
    var index = window.startIndex
    var size: UInt64 = 0
    while index < feed, OctetClass.of(window[index]).contains(.hexDigit) {
      guard index - window.startIndex < 15 else { throw HTTP1Error(.malformed, "a chunk size that is too large") }
      size = size << 4 | UInt64(Self.hexValue(window[index]))
      index += 1
    }
    guard index > window.startIndex else { throw HTTP1Error(.malformed, "a chunk without a size") }
    guard feed > index, window[feed - 1] == 0x0d else { throw HTTP1Error(.malformed, "a line feed without carriage return") }
    let rest = window[index..<feed - 1]
    if !rest.isEmpty {
      let start = rest.first { $0 != 0x20 && $0 != 0x09 }
      guard start == UInt8(ascii: ";"), rest.allSatisfy({ OctetClass.of($0).contains(.value) }) else {
        throw HTTP1Error(.malformed, "a bad chunk extension")
      }
      extensionBytes += rest.count
      guard extensionBytes <= Self.allExtensionBytes else { throw HTTP1Error(.malformed, "too many chunk extensions") }
    }
    input.moveReaderIndex(forwardBy: feed + 1 - window.startIndex)
    return size
  }

  /// Trailer fields, without those that must not be one (RFC 9110 §6.5.1).
  private static func trailers(_ bytes: inout [UInt8], limits: MessageLimits) throws(HTTP1Error) -> FieldSection? {
    guard bytes.count > 2 else { return nil }
    var lines = FieldLines(into: FieldSection())
    try lines.read(&bytes, from: 0, limits: limits)
    lines.fields.removeAll { name, _ in forbidden.contains { name.elementsEqual($0.bytes) } }
    return lines.fields.isEmpty ? nil : lines.fields
  }

  private static func hexValue(_ digit: UInt8) -> UInt8 {
    digit <= 57 ? digit - 48 : (digit | 0x20) - 87
  }

  private static let sizeLineBytes = 512
  private static let allExtensionBytes = 16 * 1024
  private static let forbidden: [FieldName] = [
    .contentLength, .te, .trailer, .cookie, .host, .expect, "authorization", "cache-control", "content-encoding", "content-range",
    "content-type", "max-forwards", "proxy-authorization", "range", "set-cookie",
  ]
}
