/// The addresses that one client can choose from at will: an IPv4 address, or the 64 bits of an IPv6 network (RFC 4291 §2.5.4), so that
/// limits for one client count them together.
struct AddressBlock: Hashable {
  private let isIPv6: Bool
  private let bits: UInt64

  init(_ address: Address) {
    // A socket for both families names IPv4 clients by mapped addresses, all of one network.
    let isMapped = address.isIPv6 && address.word1 == 0 && address.word2 & 0xffff_ffff == 0xffff_0000
    isIPv6 = address.isIPv6 && !isMapped
    bits = isIPv6 ? address.word1 : (isMapped ? address.word2 : address.word0) >> 32
  }
}
