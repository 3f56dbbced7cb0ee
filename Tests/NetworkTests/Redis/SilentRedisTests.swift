import Events
@testable import Network
import NIOCore
import NIOPosix
import QUICTransport
import Synchronization
import Testing

@Suite struct SilentRedisTests {
  @Test func `a Redis that takes commands and answers none is given up and dialled again`() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let accepted = Counter()
    let server = try await ServerBootstrap(group: loop)
      .childChannelInitializer { channel in
        accepted.add()
        return channel.eventLoop.makeSucceededVoidFuture()
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(server.localAddress?.port)
    let store = try await loop.submit {
      let store = RedisFlightStore(RedisOptions(host: "127.0.0.1", port: port), eventLoop: loop, events: Nobody())
      store.start()
      return NIOLoopBound(store, eventLoop: loop)
    }.get()
    try await until { accepted.value >= 1 }
    try await Task.sleep(for: .milliseconds(100))
    let verdict = try await loop.flatSubmit {
      let promise = loop.makePromise(of: SharedVerdict.self)
      store.value.admit(FlightIdentifier(high: 1, low: 2)) { promise.succeed($0) }
      return promise.futureResult
    }.get()
    // It has not said since when it remembers.
    #expect(verdict == .unavailable)
    try await until { accepted.value >= 2 }
    try await loop.submit { store.value.stop() }.get()
    try await server.close()
  }

  private func until(_ condition: () -> Bool) async throws {
    for _ in 0..<1000 where !condition() { try await Task.sleep(for: .milliseconds(20)) }
    #expect(condition())
  }

  private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
  }

  private final class Nobody: EventSink {
    func record(_ event: Event) {}
  }
}
