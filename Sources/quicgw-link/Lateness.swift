/// How much later than the model says packets were delivered: a histogram whose classes are a sixteenth of their value wide.
struct Lateness {
  private var counts = [Int](repeating: 0, count: 64 * 16)
  private var total = 0
  private(set) var greatest: UInt64 = 0

  /// Nanoseconds.
  mutating func record(_ nanoseconds: UInt64) {
    counts[Self.index(of: nanoseconds)] += 1
    total += 1
    greatest = max(greatest, nanoseconds)
  }

  /// The lateness that a share of the packets did not exceed, to a sixteenth; 0 when there were none.
  func quantile(_ share: Double) -> UInt64 {
    var left = Int((Double(total) * share).rounded(.up))
    for (index, count) in counts.enumerated() where count > 0 {
      left -= count
      if left <= 0 { return min(Self.upperBound(of: index), greatest) }
    }
    return 0
  }

  /// Values below 16 have classes of their own; from there on a class is the highest bit and the four bits after it.
  private static func index(of value: UInt64) -> Int {
    guard value >= 16 else { return Int(value) }
    let shift = 59 - value.leadingZeroBitCount
    return (shift + 1) * 16 + Int(value >> UInt64(shift) & 15)
  }

  private static func upperBound(of index: Int) -> UInt64 {
    guard index >= 16 else { return UInt64(index) }
    let shift = UInt64(index / 16 - 1)
    return UInt64(16 + index % 16) << shift | ((1 << shift) - 1)
  }
}
