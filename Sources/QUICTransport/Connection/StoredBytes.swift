/// Takes big-endian integers and bytes from the front of what was stored; nil when there are not enough.
package struct BigEndianReader {
  package private(set) var rest: ArraySlice<UInt8>

  package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  package var isAtEnd: Bool { rest.isEmpty }

  package mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  package mutating func takeUInt32() -> UInt32? { take(4)?.reduce(0) { $0 << 8 | UInt32($1) } }

  package mutating func takeUInt64() -> UInt64? { take(8)?.reduce(0) { $0 << 8 | UInt64($1) } }
}

/// Appends big-endian integers to what is to be stored.
package struct BigEndianWriter {
  package var bytes: [UInt8] = []

  package init() {}

  package mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
}

extension Sequence<UInt8> {
  /// FNV-1a: tells damage by accident, from disks and editors; who can write the bytes can do worse.
  package var checksum: UInt64 {
    reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
