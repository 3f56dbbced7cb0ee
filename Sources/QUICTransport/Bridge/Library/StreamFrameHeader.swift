/// Which bytes of a stream a packet begins with.
struct StreamFrameHeader: Equatable {
  var stream: StreamID
  var offset: UInt64

  /// Looks for the first STREAM frame (RFC 9000 §19.8) among the frames of a packet that is not encrypted yet; nil when there is none,
  /// or something before it that is rare beside bulk.
  init?(payload: UnsafeRawBufferPointer) {
    var reader = unsafe FrameReader(bytes: payload)
    while let type = reader.variableLengthInteger() {
      switch type {
      case 0x08...0x0f:
        guard let stream = reader.variableLengthInteger() else { return nil }
        let hasOffset = type & 0x04 != 0
        guard let offset = hasOffset ? reader.variableLengthInteger() : 0 else { return nil }
        self.init(stream: StreamID(rawValue: Int64(stream)), offset: offset)
        return
      case 0x02, 0x03:
        guard reader.skipAcknowledgement(hasCounts: type == 0x03) else { return nil }
      case 0x00, 0x01: break
      case 0x10, 0x12, 0x13, 0x14, 0x16, 0x17, 0x19:
        guard reader.skip(integers: 1) else { return nil }
      case 0x05, 0x11, 0x15:
        guard reader.skip(integers: 2) else { return nil }
      case 0x04:
        guard reader.skip(integers: 3) else { return nil }
      default: return nil
      }
    }
    return nil
  }

  init(stream: StreamID, offset: UInt64) {
    self.stream = stream
    self.offset = offset
  }
}

/// Goes through the integers that frames are made of.
@safe
private struct FrameReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(bytes: UnsafeRawBufferPointer) {
    unsafe self.bytes = bytes
  }

  /// RFC 9000 §16.
  mutating func variableLengthInteger() -> UInt64? {
    guard unsafe position < bytes.count else { return nil }
    let first = unsafe bytes[position]
    let count = 1 << Int(first >> 6)
    guard unsafe position + count <= bytes.count else { return nil }
    var value = UInt64(first & 0x3f)
    for index in position + 1..<position + count { value = unsafe value << 8 | UInt64(bytes[index]) }
    position += count
    return value
  }

  mutating func skip(integers: UInt64) -> Bool {
    for _ in 0..<integers {
      guard variableLengthInteger() != nil else { return false }
    }
    return true
  }

  /// RFC 9000 §19.3.
  mutating func skipAcknowledgement(hasCounts: Bool) -> Bool {
    guard skip(integers: 2), let ranges = variableLengthInteger() else { return false }
    return skip(integers: 1 + 2 * ranges + (hasCounts ? 3 : 0))
  }
}
