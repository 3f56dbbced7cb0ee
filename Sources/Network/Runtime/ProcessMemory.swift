internal import CSocket

/// Memory that a process has no use for any more, given back to the system.
public struct ProcessMemory: Sendable {
  private var lastCPUTime = cpuTime
  private var releasedAtCPUTime = cpuTime

  public init() {}

  /// Gives back what only the start needed: free heap, and resident pages of code, most of which parsed arguments and
  /// configuration. From now on free heap stays until the process rests. To be called once, when a core or an edge has started;
  /// code that runs again is mapped from the page cache.
  public static func releaseStartup() {
    csocket_release_startup_memory()
    csocket_keep_free_heap(keptBytes)
  }

  /// Gives back the free heap that a burst has left between what is still in use, once the process has come to rest; without
  /// this an allocator keeps the holes for ever. To be called about once a second.
  public mutating func releaseIfResting() {
    let now = Self.cpuTime
    defer { lastCPUTime = now }
    guard now - lastCPUTime < Self.restingTime, now - releasedAtCPUTime >= Self.burstTime else { return }
    csocket_release_free_heap()
    // What the release itself cost is no work to release after.
    releasedAtCPUTime = Self.cpuTime
  }

  private static var cpuTime: Duration { .nanoseconds(csocket_cpu_nanoseconds()) }

  /// What bulk on a fast link leaves free and needs again within a millisecond: without it an edge spent 5 % of its time on page faults.
  private static let keptBytes: Int32 = 8 << 20
  /// A process that worked less than this in a second rests.
  private static let restingTime: Duration = .milliseconds(20)
  /// Less work than this leaves nothing worth looking for.
  private static let burstTime: Duration = .milliseconds(100)
}
