import LinkEmulator
import Testing

@Suite struct DelayTests {
  private static let millisecond: UInt64 = 1_000_000

  private func jittery(_ delay: Duration, _ jitter: Duration) -> LinkConditions {
    var conditions = LinkConditions(delay: delay)
    conditions.jitter = jitter
    return conditions
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func jitterIsEvenlySpreadAroundTheDelay(seed: UInt64) {
    var link = LinkDirection<Numbered>(conditions: jittery(.milliseconds(20), .milliseconds(5)), seed: seed)
    // So far apart that none waits for the one before.
    let delays = link.carry(20_000, every: .milliseconds(30)).map { Double($0.time - UInt64($0.number) * 30 * Self.millisecond) }
    let shares = delays.map { ($0 - 15e6) / 10e6 }
    #expect(shares.allSatisfy { (0...1).contains($0) })
    #expect(Statistics.distanceFromEven(shares) < 1, "seed \(seed)")
    #expect(Statistics.memory(shares) < 1, "seed \(seed)")
    let bounds = Statistics.mean(of: delays.count, 20e6, deviation: 10e6 / 12.0.squareRoot())
    #expect(bounds.contains(delays.reduce(0, +) / Double(delays.count)), "seed \(seed)")
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func whoIsFasterWaitsForWhoWasBefore(seed: UInt64) {
    let conditions = jittery(.milliseconds(20), .milliseconds(15))
    var link = LinkDirection<Numbered>(conditions: conditions, seed: seed)
    let arrivals = link.carry(5_000, every: .milliseconds(1))
    #expect(arrivals.map(\.number) == Array(0..<5_000), "seed \(seed)")
    // The same draws on a link where none meets another; there they are what was drawn.
    var alone = LinkDirection<Numbered>(conditions: conditions, seed: seed)
    let drawn = alone.carry(5_000, every: .milliseconds(50)).map { $0.time - UInt64($0.number) * 50 * Self.millisecond }
    var expected: [UInt64] = []
    for (number, delay) in drawn.enumerated() {
      expected.append(max(expected.last ?? 0, UInt64(number) * Self.millisecond + delay))
    }
    #expect(arrivals.map(\.time) == expected, "seed \(seed)")
  }

  @Test func moreJitterThanDelayIsNeverBeforeTheSending() {
    var link = LinkDirection<Numbered>(conditions: jittery(.milliseconds(1), .milliseconds(4)), seed: 5)
    let arrivals = link.carry(2_000, every: .milliseconds(10))
    let delays = arrivals.map { $0.time - UInt64($0.number) * 10 * Self.millisecond }
    #expect(delays.allSatisfy { $0 <= 5 * Self.millisecond })
    #expect(Statistics.binomial(2_000, 3.0 / 8).contains(Double(delays.count { $0 == 0 })))
  }

  @Test func aShorterDelayDoesNotOvertake() {
    var link = LinkDirection<Numbered>(conditions: .init(delay: .milliseconds(50)), seed: 1)
    link.send(Numbered(0), at: 0)
    link.conditions.delay = .milliseconds(10)
    link.send(Numbered(1), at: Self.millisecond)
    link.send(Numbered(2), at: 60 * Self.millisecond)
    let arrivals = link.take(until: .max)
    #expect(arrivals.map(\.number) == [0, 1, 2])
    #expect(arrivals.map(\.time) == [50, 50, 70].map { $0 * Self.millisecond })
  }
}
