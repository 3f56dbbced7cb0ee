internal import CNgtcp2

extension ConnectionID {
  /// Copies 0 to 20 bytes; nil for more.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count <= ConnectionID.maximumByteCount else { return nil }
    self.init()
    count = UInt8(bytes.count)
    unsafe withUnsafeMutableBytes(of: &self) { unsafe $0.copyMemory(from: bytes) }
  }

  init(_ id: ngtcp2_cid) {
    self.init()
    let length = min(id.datalen, ConnectionID.maximumByteCount)
    count = UInt8(length)
    unsafe withUnsafeBytes(of: id.data) { source in
      unsafe withUnsafeMutableBytes(of: &self) {
        unsafe $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<length]))
      }
    }
  }

  /// Lends the bytes.
  @inline(__always)
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe withUnsafeBytes(of: self) { unsafe body(UnsafeRawBufferPointer(rebasing: $0[..<Int(count)])) }
  }

  var ngtcp2: ngtcp2_cid {
    var id = ngtcp2_cid()
    unsafe withBytes { unsafe ngtcp2_cid_init(&id, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count) }
    return id
  }

  static let maximumByteCount = 20
}

extension ConnectionID: CustomStringConvertible {
  /// Lower-case hexadecimal digits.
  public var description: String {
    unsafe withBytes { bytes in
      var digits = ""
      for unsafe byte in unsafe bytes {
        digits += byte < 16 ? "0" : ""
        digits += String(byte, radix: 16)
      }
      return digits
    }
  }
}
