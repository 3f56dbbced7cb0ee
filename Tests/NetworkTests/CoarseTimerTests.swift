import NIOCore
import NIOPosix
import Testing

@testable import Network

@Suite struct `Waits of one length` {
  /// Runs on a loop, with a timer there.
  private func onLoop<Value: Sendable>(limit: TimeAmount, _ body: @escaping @Sendable (CoarseTimer) throws -> Value) async throws -> Value {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    return try await loop.submit { try body(CoarseTimer(eventLoop: loop, limit: limit)) }.get()
  }

  @Test func `that end in order are not kept`() async throws {
    let kept = try await onLoop(limit: .hours(1)) { timer in
      for _ in 0..<100_000 { timer.begin {}.end() }
      return timer.keptCount
    }
    #expect(kept <= 1)
  }

  @Test func `that end behind one that goes on are not kept`() async throws {
    let kept = try await onLoop(limit: .hours(1)) { timer in
      let open = (0..<10).map { _ in timer.begin {} }
      for _ in 0..<100_000 { timer.begin {}.end() }
      for wait in open { wait.end() }
      timer.begin {}.end()
      return timer.keptCount
    }
    #expect(kept <= 100)
  }

  @Test func `run when their time is over, and only those that go on`() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let ran = try await loop.flatSubmit {
      let ran = loop.makePromise(of: [Int].self)
      let timer = CoarseTimer(eventLoop: loop, limit: .milliseconds(20))
      let numbers = NIOLoopBoundBox<[Int]>([], eventLoop: loop)
      let waits = (0..<300).map { number in
        timer.begin {
          numbers.value.append(number)
          if number == 299 { ran.succeed(numbers.value) }
        }
      }
      for (number, wait) in waits.enumerated() where number % 100 != 99 {
        wait.end()
        wait.end()
      }
      // Makes the timer rebuild its queue.
      for _ in 0..<100 { timer.begin {}.end() }
      return ran.futureResult
    }.get()
    #expect(ran == [99, 199, 299])
  }
}
