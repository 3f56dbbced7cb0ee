/// What may be sent to an address that its owner has not proved to be his: three times what came from it (RFC 9000 §8).
///
/// ngtcp2 keeps to that with what it writes by itself, and knows of no copies.
struct AmplificationLimit {
  var receivedBytes: UInt64
  var sentBytes: UInt64 = 0
  /// Of those, what was copies.
  var copyBytes: UInt64 = 0

  var leftBytes: UInt64 {
    let limit = 3 * receivedBytes
    return limit > sentBytes ? limit - sentBytes : 0
  }

  /// What may be used for copies: they leave room for one more PATH_CHALLENGE, when the first were lost. ngtcp2 is free to fill it
  /// with something else.
  var freeBytes: UInt64 {
    let reserve = UInt64(Self.challengeBytes)
    return leftBytes > reserve ? leftBytes - reserve : 0
  }

  /// A PATH_CHALLENGE is padded (RFC 9000 §8.2.1).
  static let challengeBytes = 1200
}
