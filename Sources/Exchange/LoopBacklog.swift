/// What the connections of one event loop together hold for readers that are slower than their writers.
///
/// A read from a socket may bring several buffers, and all of them wait when the reader stalls. One such exchange does no harm,
/// hundreds would: while the backlog is large each connection reads one buffer at a time. Used on its loop only.
public struct LoopBacklog {
  /// Whether connections should read as little at a time as they can.
  public private(set) var isLarge = false
  private var bytes = 0

  public init() {}

  /// A connection holds so many bytes more, or fewer, than it said before.
  public mutating func changed(by byteCount: Int) {
    bytes += byteCount
    if bytes > Self.largeBytes {
      isLarge = true
    } else if bytes < Self.largeBytes / 2 {
      isLarge = false
    }
  }

  private static let largeBytes = 4 * 1024 * 1024
}
