/// What one connection may hold for its readers: content that was received and not consumed, and growth of windows.
struct ReceiveBudget {
  let totalBytes: Int
  private(set) var heldBytes = 0
  /// What the peer may send on all open streams before any window grows: the more are open, the less is left to grow by.
  var openWindowBytes = 0
  /// Whether a window asked to grow since ``linkTakes(_:)`` was last told.
  private(set) var wantsRoundTrip = false
  private var grownBytes = 0
  /// The largest window of which an eighth was drained by a reader that kept up: what the link and such a reader need.
  private var provenBytes = 0
  /// What windows may grow by whatever the link and however many streams are open.
  private let leastGrowthBytes: Int
  /// What the windows together may grow by.
  private var growthLimitBytes: Int

  init(totalBytes: Int) {
    self.totalBytes = totalBytes
    leastGrowthBytes = totalBytes / 8
    growthLimitBytes = leastGrowthBytes
  }

  /// Windows grow as far as the link needs it, on a long one beyond the budget. On a short one readers seem to keep up as long as
  /// somebody behind them buffers; were their windows to grow until the budget is used up, streams that open later would come on top.
  ///
  /// - Parameter roundTrip: the least one. One that is long because the machine or a queue is busy asks for no more to be queued.
  mutating func linkTakes(_ roundTrip: Duration) {
    wantsRoundTrip = false
    guard roundTrip > .zero else { return }
    let seconds = roundTrip / .seconds(1)
    let within = min(Int(seconds * Self.bytesPerSecond), totalBytes)
    let beyond = min(Int(seconds * Self.bytesPerSecondBeyondBudget), 2 * totalBytes)
    growthLimitBytes = max(within, beyond, leastGrowthBytes)
  }

  /// No new streams while readers hold this much up.
  var isExhausted: Bool { heldBytes >= totalBytes }

  var overdrawnBytes: Int { max(0, -leftBytes) }

  /// What is neither held nor granted; negative when the budget is overdrawn.
  private var leftBytes: Int { max(totalBytes, growthLimitBytes) - committedBytes }

  // Many open streams are quiet ones, and one that moves bulk must not be held to its first window.
  private var committedBytes: Int { max(heldBytes, min(openWindowBytes, totalBytes - leastGrowthBytes)) + grownBytes }

  mutating func received(_ byteCount: Int) { heldBytes += byteCount }

  mutating func released(_ byteCount: Int) { heldBytes -= byteCount }

  mutating func shrank(_ byteCount: Int) { grownBytes -= byteCount }

  /// Takes what a window is to grow by: to twice its size, or at once to what another one of this connection has needed, as long as
  /// as much is left for others.
  mutating func grow(from bytes: Int, maximumBytes: Int) -> Int {
    wantsRoundTrip = true
    let left = min(leftBytes, growthLimitBytes - grownBytes)
    let wanted = min(max(bytes, provenBytes - bytes), maximumBytes - bytes)
    provenBytes = max(provenBytes, bytes)
    let growth = min(wanted, left / 2)
    // A few bytes more are not worth a frame.
    guard growth > 0, growth >= min(wanted, bytes / 8) else { return 0 }
    grownBytes += growth
    return growth
  }

  /// Takes what a window is to begin with beyond its first bytes, when this connection has needed as much: what a peer that knows the
  /// link sends in the first round trip. One window at a time, and a quarter of all growth, what one round trip takes of the four
  /// that a window holds: its reader has not shown that it keeps up, and may never be sent anything.
  mutating func open(from bytes: Int, maximumBytes: Int) -> Int {
    let growth = min(provenBytes, maximumBytes, leftBytes, growthLimitBytes / 4) - bytes
    guard grownBytes == 0, growth > 0 else { return 0 }
    grownBytes += growth
    return growth
  }

  /// A window is four times what is under way, here at 160 MB/s.
  private static let bytesPerSecond = 4 * 160e6
  /// The same at 40 MB/s: what is worth more memory than the budget.
  private static let bytesPerSecondBeyondBudget = 4 * 40e6
}
