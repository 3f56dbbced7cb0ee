/// Lets the window of a stream grow while its content is drained as fast as it comes, so that a long way between the peers does
/// not limit a bulk transfer, and leaves the windows of slow readers as they began.
///
/// Growth is bounded for the connection as a whole: readers that were fast and then stall hold no more than it.
struct WindowGrowth {
  /// Bytes by which the windows of this connection's streams may still grow.
  private(set) var leftBytes: Int
  private let maximumWindowBytes: Int

  init(budgetBytes: Int, maximumWindowBytes: Int) {
    leftBytes = budgetBytes
    self.maximumWindowBytes = maximumWindowBytes
  }

  /// What one stream knows of its window.
  struct StreamWindow {
    var bytes: Int
    var grownBytes = 0
    var drainedBytes = 0

    init(bytes: Int) {
      self.bytes = bytes
    }
  }

  /// Content was consumed; returns the window that the stream is to have from now on if it grows.
  /// - Parameter outstandingBytes: what the stream still holds.
  mutating func consumed(_ byteCount: Int, of window: inout StreamWindow, outstandingBytes: Int) -> Int? {
    // A reader that is slower than its writer leaves at least half a window behind whenever it consumes.
    guard outstandingBytes <= window.bytes / 8 else {
      window.drainedBytes = 0
      return nil
    }
    window.drainedBytes += byteCount
    guard window.drainedBytes >= 2 * window.bytes else { return nil }
    window.drainedBytes = 0
    let growth = min(window.bytes, maximumWindowBytes - window.bytes, leftBytes)
    guard growth > 0 else { return nil }
    leftBytes -= growth
    window.bytes += growth
    window.grownBytes += growth
    return window.bytes
  }

  /// The stream is over; what its window had grown by is there for others.
  mutating func release(_ window: StreamWindow) {
    leftBytes += window.grownBytes
  }
}
