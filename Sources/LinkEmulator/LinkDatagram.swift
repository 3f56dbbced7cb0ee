/// Something that can travel over an emulated link.
public protocol LinkDatagram {
  /// The bytes that count against the link's rate.
  var byteCount: Int { get }
  /// Damages one bit, 0 ..< byteCount × 8. A copy made before is not touched.
  mutating func flip(bit: Int)
}

extension [UInt8]: LinkDatagram {
  public var byteCount: Int { count }

  public mutating func flip(bit: Int) {
    self[bit / 8] ^= 1 << UInt8(bit % 8)
  }
}
