import LinkEmulator

extension SeededGenerator {
  /// Seeds that are always tried, and one that is new each time: a failure prints it.
  static let seeds: [UInt64] = Array(1...60) + [UInt64.random(in: 1_000...9_999_999)]
}
