public import NIOCore

/// What a module cache needs of the process around it; lives on the cache's loop.
public protocol CacheExecutor: AnyObject {
  var eventLoop: any EventLoop { get }
  /// The loop's clock.
  func now() -> NIODeadline
  /// Seconds of Unix time.
  func unixTime() -> Int64
  /// Runs `action` on the loop, later.
  func after(_ delay: TimeAmount, _ action: @escaping () -> Void)
  /// Runs `work` on a thread that may wait for a disk; the future is one of the cache's loop.
  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) -> EventLoopFuture<Value>
  /// The same for work that takes seconds, on threads of its own: what is short does not wait behind it.
  func runLong<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) -> EventLoopFuture<Value>
}
