@testable import ModuleProxy
import NIOCore
import Testing

@Suite struct StorePatienceTests {
  private let start = NIODeadline.uptimeNanoseconds(1)

  @Test func oneFailureIsEnough() {
    var patience = StorePatience()
    #expect(patience.step(now: start) == .ask && patience.isTrusted)
    #expect(patience.failed(now: start))
    #expect(!patience.failed(now: start), "those that were asked at the same time are no news")
    #expect(!patience.answered(), "nor does one of them that was quicker make it well")
    #expect(patience.step(now: start + .milliseconds(999)) == .skip && !patience.isTrusted)
  }

  @Test func oneProbeAtATimeFindsOut() {
    var patience = StorePatience()
    _ = patience.failed(now: start)
    let then = start + .seconds(1)
    #expect(patience.step(now: then) == .probe)
    #expect(patience.step(now: then) == .skip)
    #expect(patience.answered())
    #expect(patience.step(now: then) == .ask)
  }

  @Test func whatStaysAwayIsAskedEverMoreSeldom() {
    var patience = StorePatience()
    var now = start
    var pauses: [Int64] = []
    #expect(patience.failed(now: now))
    for _ in 0..<8 {
      var seconds: Int64 = 0
      repeat {
        now = now + .seconds(1)
        seconds += 1
      } while patience.step(now: now) == .skip && seconds < 100
      pauses.append(seconds)
      #expect(!patience.failed(now: now))
    }
    #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30])
  }
}
