/// An IPv4 or IPv6 address with its port, held inline in the form of the operating system's `sockaddr`.
///
/// Two addresses are equal when a datagram to either takes the same way; an IPv4 address and its IPv4-mapped IPv6 form are
/// different, because the socket that they belong to is.
public struct Address: Hashable, Sendable {
  // A sockaddr_in (16 bytes) or sockaddr_in6 (28 bytes) as the kernel has it, zeros behind. Four fields and not a tuple, so
  // that equality and hashing come from the compiler and the value stays in registers.
  var word0: UInt64 = 0
  var word1: UInt64 = 0
  var word2: UInt64 = 0
  var word3: UInt32 = 0

  init() {}

  /// Whether this is an IPv6 address (also an IPv4-mapped one).
  public var isIPv6: Bool { family == Address.familyIPv6 }

  /// Whether this names no host (0.0.0.0, ::): the kernel chooses one for each datagram.
  public var isUnspecified: Bool { isIPv6 ? word1 == 0 && word2 == 0 : word0 >> 32 == 0 }

  /// The UDP port.
  public var port: UInt16 {
    get { UInt16(truncatingIfNeeded: word0 >> 16).byteSwapped }
    set { word0 = (word0 & ~0xffff_0000) | UInt64(newValue.byteSwapped) << 16 }
  }

  /// How many of the inline bytes the `sockaddr` has: 16 or 28.
  public var byteCount: Int { isIPv6 ? 28 : 16 }

  /// Without `sin6_flowinfo`, a label that may differ from packet to packet of one path, and without `sin_zero`.
  mutating func normalize() {
    if isIPv6 {
      word0 &= 0xffff_ffff
    } else {
      word1 = 0
      word2 = 0
      word3 = 0
    }
  }

  private var family: UInt16 { UInt16(truncatingIfNeeded: word0) }
}
