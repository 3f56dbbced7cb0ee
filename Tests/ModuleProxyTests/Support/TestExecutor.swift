@testable import ModuleProxy
import NIOCore
import NIOEmbedded

/// A loop whose time a test moves; what may wait for a disk is done at once.
final class TestExecutor: CacheExecutor {
  let embedded = EmbeddedEventLoop()
  var time: Int64 = 1_800_000_000
  private var virtualNow = NIODeadline.uptimeNanoseconds(1)

  var eventLoop: any EventLoop { embedded }

  func now() -> NIODeadline { virtualNow }
  func unixTime() -> Int64 { time }

  func after(_ delay: TimeAmount, _ action: @escaping () -> Void) {
    let bound = NIOLoopBound(action, eventLoop: embedded)
    embedded.scheduleTask(in: delay) { bound.value() }
  }

  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) -> EventLoopFuture<Value> {
    embedded.submit(work)
  }

  func runLong<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) -> EventLoopFuture<Value> {
    embedded.submit(work)
  }

  func settle() { embedded.run() }

  /// Lets time pass, in steps, so that what a timer begins is seen.
  func pass(_ amount: TimeAmount) {
    time += amount.nanoseconds / 1_000_000_000
    for _ in 0..<10 {
      virtualNow = virtualNow + .nanoseconds(amount.nanoseconds / 10)
      embedded.advanceTime(by: .nanoseconds(amount.nanoseconds / 10))
    }
  }
}
