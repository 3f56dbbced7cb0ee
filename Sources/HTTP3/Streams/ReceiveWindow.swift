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

  /// The peer was asked for content and has sent none.
  /// - Returns: credit to give to it beyond the initial window.
  mutating func opened(maximumBytes: Int, budget: inout ReceiveBudget) -> Int {
    let growth = budget.open(from: bytes, maximumBytes: maximumBytes)
    bytes += growth
    return growth
  }

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
