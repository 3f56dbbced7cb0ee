import LinkEmulator

/// An IP packet on the link. Copies share their bytes until one of them is damaged.
struct IPPacket: LinkDatagram {
  private(set) var bytes: [UInt8]
  /// Damage to UDP comes with a checksum that fits it, so that the endpoint meets it and not its kernel.
  var hidesDamage = false

  var byteCount: Int { bytes.count }

  /// Damages one bit behind the IP header.
  ///
  /// A damaged IP header would be dropped by the next router or send the packet elsewhere: a loss by another name. netem's bit is
  /// anywhere, and nearly always behind the header too. What happens then is what happens on a real path: the checksum of UDP or
  /// TCP does not fit, the receiving kernel drops the packet and counts it. With `hidesDamage` the bit is in the first 50 bytes
  /// of UDP's content and the checksum is put right, as the QUIC Interop Runner does to see what an endpoint makes of it.
  mutating func flip(bit: Int) {
    guard let header = headerLength, header < bytes.count else { return }
    if hidesDamage, isWholeUDP, bytes.count > header + 8 {
      let content = header + 8
      flip(bit, in: content..<min(content + 50, bytes.count), checksumAt: header + 6)
    } else {
      flip(bit, in: header..<bytes.count)
    }
  }

  private mutating func flip(_ bit: Int, in range: Range<Int>) {
    let bit = bit % (range.count * 8)
    bytes[range.lowerBound + bit / 8] ^= 1 << UInt8(bit % 8)
  }

  /// The checksum is updated as RFC 1624 says: from the sum, the word before and the word after.
  private mutating func flip(_ bit: Int, in range: Range<Int>, checksumAt checksum: Int) {
    let place = range.lowerBound + bit % (range.count * 8) / 8
    let word = place - (place - range.lowerBound) % 2
    let before = self.word(at: word)
    flip(bit, in: range)
    let sum = self.word(at: checksum)
    // 0 says that there is none.
    guard sum != 0 else { return }
    var fresh = UInt32(~sum) + UInt32(~before) + UInt32(self.word(at: word))
    fresh = (fresh & 0xffff) + (fresh >> 16)
    fresh = (fresh & 0xffff) + (fresh >> 16)
    let complement = ~UInt16(fresh)
    let written = complement == 0 ? 0xffff : complement
    bytes[checksum] = UInt8(written >> 8)
    bytes[checksum + 1] = UInt8(written & 0xff)
  }

  /// Two bytes as a number; one past the end counts as 0, as in the checksum.
  private func word(at place: Int) -> UInt16 {
    UInt16(bytes[place]) << 8 | (place + 1 < bytes.count ? UInt16(bytes[place + 1]) : 0)
  }

  private var headerLength: Int? {
    switch bytes.first.map({ $0 >> 4 }) {
    case 4 where bytes.count >= 20: Int(bytes[0] & 0xf) * 4
    case 6 where bytes.count >= 40: 40
    default: nil
    }
  }

  /// UDP in one piece, directly behind the header.
  private var isWholeUDP: Bool {
    let udp: UInt8 = 17
    return bytes[0] >> 4 == 6 ? bytes[6] == udp : bytes[9] == udp && bytes[6] & 0x3f == 0 && bytes[7] == 0
  }
}

extension IPPacket {
  init(_ bytes: [UInt8], hidesDamage: Bool) {
    self.init(bytes: bytes, hidesDamage: hidesDamage)
  }
}
