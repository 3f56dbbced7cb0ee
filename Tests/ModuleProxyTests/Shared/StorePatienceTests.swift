@testable import ModuleProxy
import NIOCore
import Testing

@Suite struct StorePatienceTests {
  private let start = NIODeadline.uptimeNanoseconds(1)

  /// Steps at moments after the start, of one value.
  private func steps(_ patience: inout StorePatience, atSeconds seconds: [Double]) -> [StorePatience.Step] {
    seconds.map { patience.step(now: start + .nanoseconds(Int64($0 * 1e9))) }
  }

  @Test func oneFailureIsEnough() {
    var patience = StorePatience()
    #expect(steps(&patience, atSeconds: [0, 0]) == [.ask, .ask])
    let failures = [patience.failed(now: start), patience.failed(now: start)]
    #expect(failures == [true, false], "those that were asked at the same time are no news")
    let isWell = patience.answered()
    #expect(!isWell && !patience.isTrusted, "nor does one of them that was quicker make it well")
    #expect(steps(&patience, atSeconds: [0, 0.999]) == [.skip, .skip])
  }

  @Test func oneProbeAtATimeFindsOut() {
    var patience = StorePatience()
    _ = patience.failed(now: start)
    #expect(steps(&patience, atSeconds: [1, 1, 500]) == [.probe, .skip, .skip])
    let isNews = patience.answered()
    #expect(isNews && patience.isTrusted)
    #expect(steps(&patience, atSeconds: [1]) == [.ask])
  }

  @Test func whatStaysAwayIsAskedEverMoreSeldom() {
    var patience = StorePatience()
    _ = patience.failed(now: start)
    var pauses: [Int64] = []
    var now = start
    for _ in 0..<8 {
      let last = now
      repeat { now = now + .seconds(1) } while patience.step(now: now) == .skip && now < last + .seconds(100)
      pauses.append((now - last).nanoseconds / 1_000_000_000)
      let isNews = patience.failed(now: now)
      #expect(!isNews)
    }
    #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30])
  }
}
