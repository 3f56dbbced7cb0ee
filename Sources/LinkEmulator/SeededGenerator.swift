/// A small, fast generator whose sequence follows from its seed alone (xoshiro256**, seeded by SplitMix64).
///
/// Not for secrets.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  public init(seed: UInt64) {
    var mixer = seed
    func mix() -> UInt64 {
      mixer &+= 0x9e37_79b9_7f4a_7c15
      var word = mixer
      word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
      word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
      return word ^ (word >> 31)
    }
    state = (mix(), mix(), mix(), mix())
  }

  public mutating func next() -> UInt64 {
    let result = rotate(state.1 &* 5, by: 7) &* 9
    let carry = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= carry
    state.3 = rotate(state.3, by: 45)
    return result
  }

  /// True in a share of `probability` of the calls. Draws nothing for 0, so that a switched-off fault changes no other.
  public mutating func chance(_ probability: Double) -> Bool {
    guard probability > 0 else { return false }
    return unit() < probability
  }

  /// Evenly spread over 0 ..< 1.
  public mutating func unit() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  private func rotate(_ word: UInt64, by count: UInt64) -> UInt64 {
    word << count | word >> (64 - count)
  }
}
