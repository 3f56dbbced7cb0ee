/// How much of a first flight is left for requests: a pure value.
///
/// More than half of the first congestion window (RFC 9002 §7.2) leaves no window for a copy of the flight. On a link that loses
/// packets, and on one that comes back between two attempts, copies are what is answered first; requests that found no room
/// follow a round trip later.
struct EarlyRoom {
  private var left = EarlyRoom.whole

  /// Takes room for a request, if there is some; the first request may be larger than all of it.
  mutating func take(_ byteCount: Int) -> Bool {
    guard byteCount <= left || left == Self.whole else { return false }
    left = max(0, left - byteCount)
    return true
  }

  static let whole = 4096
}
