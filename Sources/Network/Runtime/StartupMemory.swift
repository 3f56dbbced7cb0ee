internal import CSocket

/// The memory that only a process's start needs.
public enum StartupMemory {
  /// Gives it back to the system: free heap, and resident pages of code, most of which parsed arguments and configuration. To be
  /// called once, when a core or an edge has started; code that runs again is mapped again from the page cache.
  public static func release() {
    csocket_release_startup_memory()
  }
}
