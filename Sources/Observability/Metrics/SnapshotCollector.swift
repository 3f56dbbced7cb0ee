public import NIOCore

/// Asks every loop for its snapshot and hands all of them back on the loop that asked.
public final class SnapshotCollector {
  private let eventLoop: any EventLoop
  private let loops: [NIOLoopBound<LoopMetrics>]

  /// - Parameters:
  ///   - eventLoop: the loop of the admin endpoint; the collector is used there only.
  ///   - loops: the metrics of all loops, each bound to its own.
  public init(eventLoop: any EventLoop, loops: [NIOLoopBound<LoopMetrics>]) {
    self.eventLoop = eventLoop
    self.loops = loops
  }

  /// Calls `completion` on the collector's loop, once. A loop that has shut down is left out.
  public func collect(_ completion: @escaping ([LoopSnapshot]) -> Void) {
    let snapshots = loops.map { metrics in metrics.eventLoop.submit { metrics.value.snapshot() } }
    EventLoopFuture.whenAllComplete(snapshots, on: eventLoop).assumeIsolated().whenSuccess { results in
      completion(results.compactMap { try? $0.get() })
    }
  }
}
