import ModuleProxy
import NIOCore
import NIOPosix
import Observability

/// What a module cache needs, from the loop that it lives on and from threads that may wait for a disk.
final class ModuleCacheExecutor: CacheExecutor {
  let eventLoop: any EventLoop
  private let threads: NIOThreadPool
  private let longThreads: NIOThreadPool

  /// - Parameter longThreads: for what takes long.
  init(eventLoop: any EventLoop, threads: NIOThreadPool, longThreads: NIOThreadPool) {
    self.eventLoop = eventLoop
    self.threads = threads
    self.longThreads = longThreads
  }

  func now() -> NIODeadline { .now() }

  func unixTime() -> Int64 { WallTime.now().seconds }

  func after(_ delay: TimeAmount, _ action: @escaping () -> Void) {
    let bound = NIOLoopBound(action, eventLoop: eventLoop)
    eventLoop.scheduleTask(in: delay) { bound.value() }
  }

  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) -> EventLoopFuture<Value> {
    threads.runIfActive(eventLoop: eventLoop, work)
  }

  func runLong<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) -> EventLoopFuture<Value> {
    longThreads.runIfActive(eventLoop: eventLoop, work)
  }
}
