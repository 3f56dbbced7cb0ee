/// How much a peer may send on one stream ahead of its reader, and how that grows (RFC 9000 §4.2).
///
/// The window doubles when an eighth of it was drained by a reader that kept up: then the window, not the reader, may come to limit
/// the peer. It is so always four times what was drained. A sender doubles its own window in each round trip, and where packets are
/// lost, what came behind a gap waits a round trip or two and is not drained: four times stays ahead of both. A slow reader's
/// buffer never empties, so its window stays as it is. No clock is needed.
struct ReceiveWindow {
  private(set) var bytes: Int
  /// Content that was received and not consumed.
  private(set) var unconsumedBytes = 0
  private let initialBytes: Int
  private var drainedBytes = 0
  private var leastUnconsumedBytes = Int.max
  private var isClosed = false

  init(initialBytes: Int) {
    self.initialBytes = initialBytes
    bytes = initialBytes
  }

  /// Bytes that were granted beyond the initial window.
  var grownBytes: Int { bytes - initialBytes }

  mutating func received(_ byteCount: Int) {
    unconsumedBytes += byteCount
  }

  /// The reader took bytes.
  /// - Parameters:
  ///   - maximumBytes: the largest window.
  ///   - budget: of the connection; growth is taken from it or, when it is overdrawn, given back.
  /// - Returns: the credit to give to the peer.
  mutating func consumed(_ byteCount: Int, maximumBytes: Int, budget: inout ReceiveBudget) -> Int {
    let taken = min(byteCount, unconsumedBytes)
    discarded(taken, budget: &budget)
    guard !isClosed else { return 0 }
    drainedBytes += taken
    leastUnconsumedBytes = min(leastUnconsumedBytes, unconsumedBytes)
    let shrink = min(taken, grownBytes, budget.overdrawnBytes)
    if shrink > 0 {
      bytes -= shrink
      budget.shrank(shrink)
      return taken - shrink
    }
    guard drainedBytes >= bytes / 8 else { return taken }
    defer {
      drainedBytes = 0
      leastUnconsumedBytes = Int.max
    }
    guard leastUnconsumedBytes <= bytes / 8 else { return taken }
    let growth = budget.grow(from: bytes, maximumBytes: maximumBytes)
    bytes += growth
    return taken + growth
  }

  /// Content was dropped that no reader will take.
  mutating func discarded(_ byteCount: Int, budget: inout ReceiveBudget) {
    unconsumedBytes -= byteCount
    budget.released(byteCount)
  }

  /// Nothing more is received: growth goes back to the budget. What the reader holds counts until it is consumed.
  mutating func closed(budget: inout ReceiveBudget) {
    budget.shrank(grownBytes)
    bytes = initialBytes
    isClosed = true
  }

  /// There is no reader any more.
  mutating func abandoned(budget: inout ReceiveBudget) {
    discarded(unconsumedBytes, budget: &budget)
    closed(budget: &budget)
  }
}

/// What one connection may hold for its readers: content that was received and not consumed, and growth of windows.
struct ReceiveBudget {
  let totalBytes: Int
  private(set) var heldBytes = 0
  /// What the peer may send on all open streams before any window grows: the more are open, the less is left to grow by.
  var openWindowBytes = 0
  private var grownBytes = 0
  /// The largest window of which an eighth was drained by a reader that kept up: what the link and such a reader need.
  private var provenBytes = 0

  init(totalBytes: Int) {
    self.totalBytes = totalBytes
  }

  /// No new streams while readers hold this much up.
  var isExhausted: Bool { heldBytes >= totalBytes }

  var overdrawnBytes: Int { max(0, committedBytes - totalBytes) }

  // An eighth is left to grow by: many open streams are quiet ones, and one that moves bulk must not be held to its first window.
  private var committedBytes: Int { max(heldBytes, min(openWindowBytes, totalBytes / 8 * 7)) + grownBytes }

  mutating func received(_ byteCount: Int) { heldBytes += byteCount }

  mutating func released(_ byteCount: Int) { heldBytes -= byteCount }

  mutating func shrank(_ byteCount: Int) { grownBytes -= byteCount }

  /// Takes what a window is to grow by: to twice its size, or at once to what another one of this connection has needed, as long as
  /// as much is left for others.
  mutating func grow(from bytes: Int, maximumBytes: Int) -> Int {
    let known = min(provenBytes - bytes, (totalBytes - committedBytes) / 2)
    provenBytes = max(provenBytes, bytes)
    return grow(min(max(bytes, known), maximumBytes - bytes))
  }

  /// Takes the growth if all of it is there.
  private mutating func grow(_ byteCount: Int) -> Int {
    guard byteCount > 0, committedBytes + byteCount <= totalBytes else { return 0 }
    grownBytes += byteCount
    return byteCount
  }
}
