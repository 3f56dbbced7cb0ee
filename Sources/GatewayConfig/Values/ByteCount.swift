/// A size: `512KiB`, `32MiB`, `1GiB`, `1500B`. Units are powers of 1024 and never left out.
public struct ByteCount: Sendable, Hashable, Comparable {
  public var bytes: Int

  public init(bytes: Int) {
    self.bytes = bytes
  }

  public static func kibibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count << 10) }
  public static func mebibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count << 20) }

  /// Nil if the number or the unit cannot be read, or the size does not fit.
  public init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), let shift = Self.units.first(where: { $0.name == text[digits.endIndex...] })?.shift else {
      return nil
    }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
    guard !overflow else { return nil }
    self.init(bytes: bytes)
  }

  /// Whether a text is a number with a unit, and the size does not fit.
  static func isTooLarge(_ text: String) -> Bool {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    return !digits.isEmpty && units.contains { $0.name == text[digits.endIndex...] } && ByteCount(text) == nil
  }

  public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

  private static let units: [(name: String, shift: Int)] = [("B", 0), ("KiB", 10), ("MiB", 20), ("GiB", 30)]
}

extension ByteCount: CustomStringConvertible {
  /// In the largest unit that leaves a whole number.
  public var description: String {
    let unit = Self.units.last { bytes % (1 << $0.shift) == 0 && bytes >= 1 << $0.shift } ?? Self.units[0]
    return "\(bytes >> unit.shift)\(unit.name)"
  }
}
