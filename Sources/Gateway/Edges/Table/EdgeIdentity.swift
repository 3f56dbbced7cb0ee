/// What the connections of one identity have had together on one loop: identities take turns before their processes do.
final class EdgeIdentity {
  /// When one of them had its last request, in requests of this loop.
  var lastTurn: UInt64 = 0
  /// Requests of this loop that they have.
  var exchangeCount = 0
}
