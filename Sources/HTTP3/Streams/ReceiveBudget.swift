/// What one connection may hold for its readers: content that was received and not consumed, and growth of windows.
struct ReceiveBudget {
  let totalBytes: Int
  private(set) var heldBytes = 0
  /// What the peer may send on all open streams before any window grows: the more are open, the less is left to grow by.
  var openWindowBytes = 0
  private var grownBytes = 0
  /// The largest window of which an eighth was drained by a reader that kept up: what the link and such a reader need.
  private var provenBytes = 0
  /// What windows may grow by besides, because the link is long.
  private var longLinkBytes = 0

  init(totalBytes: Int) {
    self.totalBytes = totalBytes
  }

  /// Windows may grow further on a long link. On a short one none needs it, and readers that seem to keep up, because somebody
  /// behind them buffers, hold less.
  mutating func linkTakes(_ roundTrip: Duration) {
    guard roundTrip > .zero else { return }
    let needed = Int(roundTrip / .seconds(1) * Self.bytesPerSecond)
    longLinkBytes = min(max(0, needed - totalBytes), totalBytes)
  }

  /// No new streams while readers hold this much up.
  var isExhausted: Bool { heldBytes >= totalBytes }

  var overdrawnBytes: Int { max(0, committedBytes - totalBytes - longLinkBytes) }

  // An eighth is left to grow by: many open streams are quiet ones, and one that moves bulk must not be held to its first window.
  private var committedBytes: Int { max(heldBytes, min(openWindowBytes, totalBytes / 8 * 7)) + grownBytes }

  mutating func received(_ byteCount: Int) { heldBytes += byteCount }

  mutating func released(_ byteCount: Int) { heldBytes -= byteCount }

  mutating func shrank(_ byteCount: Int) { grownBytes -= byteCount }

  /// Takes what a window is to grow by: to twice its size, on a long link as far as there is budget, or at once to what another one of
  /// this connection has needed, as long as as much is left for others.
  mutating func grow(from bytes: Int, maximumBytes: Int) -> Int {
    let left = totalBytes + longLinkBytes - committedBytes
    let known = min(provenBytes - bytes, left / 2)
    provenBytes = max(provenBytes, bytes)
    let wanted = min(max(bytes, known), maximumBytes - bytes)
    let growth = longLinkBytes > 0 ? min(wanted, left) : wanted
    // A few bytes more are not worth a frame.
    guard growth > 0, growth <= left, growth >= min(wanted, bytes / 8) else { return 0 }
    grownBytes += growth
    return growth
  }

  /// A window is four times what is under way, here at 40 MB/s.
  private static let bytesPerSecond = 4 * 40e6
}
