import LinkEmulator
import Testing

@testable import quicgw_link

@Suite struct IPPacketTests {
  enum Kind: CaseIterable {
    case udp4, udp6, tcp4, udp4Options

    /// A packet whose content is `content` bytes long, with a right checksum where it is UDP.
    func packet(content: Int) -> [UInt8] {
      var header: [UInt8]
      let transport: UInt8 = self == .tcp4 ? 6 : 17
      if self == .udp6 {
        header = [0x60, 0, 0, 0, 0, UInt8(content + 8), transport, 64] + (0..<32).map { $0 * 7 }
      } else {
        let length = self == .udp4Options ? 24 : 20
        header = [0x40 | UInt8(length / 4), 0, 0, UInt8(length + content + 8), 0, 1, 0x40, 0, 64, transport, 0, 0]
        header += [10, 0, 0, 1, 10, 0, 0, 2]
        header += [UInt8](repeating: 1, count: length - 20)
      }
      var bytes = header + [0x15, 0xb3, 0x11, 0x51, 0, UInt8(content + 8), 0, 0]
      bytes += (0..<content).map { UInt8(truncatingIfNeeded: $0 * 31) }
      let sum = IPPacketTests.sum(bytes, headerLength: header.count)
      bytes[header.count + 6] = UInt8(~sum >> 8)
      bytes[header.count + 7] = UInt8(~sum & 0xff)
      return bytes
    }

    var headerLength: Int { self == .udp6 ? 40 : self == .udp4Options ? 24 : 20 }
  }

  /// The sum over pseudo header and transport (RFC 768); 0xffff when the checksum in it is right.
  private static func sum(_ bytes: [UInt8], headerLength: Int) -> UInt16 {
    let isIPv6 = bytes[0] >> 4 == 6
    let transport = Array(bytes[headerLength...])
    let summed = (isIPv6 ? bytes[8..<40] : bytes[12..<20]) + [0, 17, 0, UInt8(transport.count)] + transport
    var sum: UInt32 = 0
    for (index, byte) in summed.enumerated() { sum += UInt32(byte) << (index.isMultiple(of: 2) ? 8 : 0) }
    while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
    return UInt16(sum)
  }

  private func differingBits(_ one: [UInt8], _ other: [UInt8], in range: Range<Int>) -> Int {
    range.reduce(0) { $0 + (one[$1] ^ other[$1]).nonzeroBitCount }
  }

  @Test(arguments: Kind.allCases) func damageIsOneBitBehindTheIPHeader(kind: Kind) {
    let sent = kind.packet(content: 61)
    for bit in 0..<sent.count * 8 {
      var packet = IPPacket(sent, hidesDamage: false)
      packet.flip(bit: bit)
      #expect(packet.bytes[..<kind.headerLength] == sent[..<kind.headerLength])
      #expect(differingBits(packet.bytes, sent, in: kind.headerLength..<sent.count) == 1)
      // The receiver sees it.
      if kind != .tcp4 { #expect(Self.sum(packet.bytes, headerLength: kind.headerLength) != 0xffff) }
    }
  }

  @Test(arguments: [Kind.udp4, .udp6, .udp4Options], [1, 2, 33, 61])
  func hiddenDamageHasAChecksumThatFits(kind: Kind, content: Int) {
    let sent = kind.packet(content: content)
    #expect(Self.sum(sent, headerLength: kind.headerLength) == 0xffff)
    let begin = kind.headerLength + 8
    for bit in 0..<sent.count * 8 {
      var packet = IPPacket(sent, hidesDamage: true)
      packet.flip(bit: bit)
      #expect(Self.sum(packet.bytes, headerLength: kind.headerLength) == 0xffff, "bit \(bit)")
      #expect(packet.bytes[..<(begin - 2)] == sent[..<(begin - 2)])
      #expect(differingBits(packet.bytes, sent, in: begin..<min(begin + 50, sent.count)) == 1)
      #expect(packet.bytes.dropFirst(begin + 50) == sent.dropFirst(begin + 50))
    }
  }

  @Test func aPacketWithoutChecksumStaysWithout() {
    var bytes = Kind.udp4.packet(content: 10)
    (bytes[26], bytes[27]) = (0, 0)
    var packet = IPPacket(bytes, hidesDamage: true)
    packet.flip(bit: 3)
    #expect(packet.bytes[26...27] == [0, 0])
    #expect(packet.bytes != bytes)
  }

  @Test func damageThatCannotBeHiddenIsNot() {
    // TCP, and a fragment whose checksum is elsewhere.
    var fragment = Kind.udp4.packet(content: 40)
    fragment[6] = 0x20
    for sent in [Kind.tcp4.packet(content: 40), fragment] {
      var packet = IPPacket(sent, hidesDamage: true)
      packet.flip(bit: 8 * 12)
      #expect(differingBits(packet.bytes, sent, in: 20..<sent.count) == 1)
    }
  }

  @Test func nothingButAHeaderStaysWhole() {
    for sent in [Array(Kind.udp4.packet(content: 0)[..<20]), [0x45, 0, 0], [], [0xff, 1, 2]] as [[UInt8]] {
      var packet = IPPacket(sent, hidesDamage: true)
      packet.flip(bit: 5)
      #expect(packet.bytes == sent)
    }
  }

  @Test func aCopyIsNotTouched() {
    let sent = IPPacket(Kind.udp4.packet(content: 20), hidesDamage: false)
    var copy = sent
    copy.flip(bit: 0)
    #expect(copy.bytes != sent.bytes)
    #expect(sent.bytes == Kind.udp4.packet(content: 20))
  }
}
