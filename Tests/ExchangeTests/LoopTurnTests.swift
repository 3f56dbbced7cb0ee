import Exchange
import NIOCore
import NIOPosix
import Testing

@Suite struct LoopTurnTests {
  @Test func `whoever enrolled is called once, behind the work that the turn had begun`() async throws {
    #expect(
      try await run { log, turn, loop in
        let writer = Writer("write", log)
        turn.enroll(writer)
        log.add("read 1")
        loop.execute { log.value.add("read 2") }
        log.add("read 3")
      } == ["read 1", "read 3", "write", "read 2"])
  }

  @Test func `all of one turn are called in one round, in their order`() async throws {
    #expect(
      try await run { log, turn, loop in
        for number in 1...3 { turn.enroll(Writer("write \(number)", log)) }
        loop.execute { log.value.add("later") }
      } == ["write 1", "write 2", "write 3", "later"])
  }

  @Test func `who enrols while others write is called in a further round, after waiting reads`() async throws {
    #expect(
      try await run { log, turn, loop in
        let again = Writer("again", log)
        turn.enroll(Writer("first", log) { turn.enroll(again) })
        turn.enroll(Writer("second", log))
        loop.execute { log.value.add("read") }
      } == ["first", "second", "read", "again"])
  }

  @Test func `an endless writer does not starve the reads`() async throws {
    #expect(
      try await run { log, turn, loop in
        let endless = Writer("write", log)
        endless.action = { [unowned endless] in
          if log.lines.count < 6 { turn.enroll(endless) }
        }
        turn.enroll(endless)
        loop.execute {
          log.value.add("read 1")
          loop.execute {
            log.value.add("read 2")
            loop.execute { log.value.add("read 3") }
          }
        }
      } == ["write", "read 1", "write", "read 2", "write", "read 3", "write"])
  }

  @Test func `a turn keeps its participants only until they were called`() async throws {
    let watch = Watch()
    _ = try await run { log, turn, _ in
      let writer = Writer("write", log)
      watch.add("writer", writer)
      turn.enroll(writer)
    }
    #expect(watch.count == 1)
    #expect(watch.alive == [])
  }

  /// Runs a script on a loop and gives back what was logged when nothing is left to do.
  private func run(
    _ script: @escaping @Sendable (Bound, LoopTurn, any EventLoop) -> Void
  ) async throws -> [String] {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let log = try await loop.submit {
      let log = Bound(NIOLoopBound(Log(), eventLoop: loop))
      let turn = LoopTurn(eventLoop: loop)
      script(log, turn, loop)
      return log
    }.get()
    for _ in 0..<20 { try await loop.submit {}.get() }
    let lines = try await loop.submit { log.lines }.get()
    try await group.shutdownGracefully()
    return lines
  }
}

private final class Log {
  var lines: [String] = []
  func add(_ line: String) { lines.append(line) }
}

/// A log that closures of its loop may carry.
private struct Bound: Sendable {
  private let log: NIOLoopBound<Log>

  init(_ log: NIOLoopBound<Log>) { self.log = log }

  var value: Log { log.value }
  var lines: [String] { log.value.lines }
  func add(_ line: String) { log.value.add(line) }
}

private final class Writer: TurnParticipant {
  var action: () -> Void
  private let name: String
  private let log: Bound

  init(_ name: String, _ log: Bound, action: @escaping () -> Void = {}) {
    self.name = name
    self.log = log
    self.action = action
  }

  func endTurn() {
    log.add(name)
    action()
  }
}
