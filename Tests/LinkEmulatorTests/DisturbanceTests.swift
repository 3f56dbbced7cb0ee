import LinkEmulator
import Testing

/// Datagrams that are held back, doubled or damaged.
@Suite struct DisturbanceTests {
  private static let count = 20_000

  @Test(arguments: [0.01, 0.25], [1, 2, 3] as [UInt64]) func aShareIsHeldBack(probability: Double, seed: UInt64) {
    var conditions = LinkConditions(delay: .milliseconds(10))
    conditions.reorderingProbability = probability
    conditions.reorderingDelay = .milliseconds(3)
    var link = LinkDirection<Numbered>(conditions: conditions, seed: seed)
    let arrivals = link.carry(Self.count, every: .milliseconds(1))
    let lateness = arrivals.map { $0.time - UInt64($0.number) * 1_000_000 - 10_000_000 }
    #expect(Set(lateness) == [0, 3_000_000])
    let heldBack = lateness.count { $0 > 0 }
    #expect(Statistics.binomial(Self.count, probability).contains(Double(heldBack)), "seed \(seed)")
    #expect(heldBack == link.counts.reordered)
    // The others keep their order, and so do those held back.
    for late in [0, 3_000_000] as [UInt64] {
      let numbers = zip(arrivals, lateness).filter { $1 == late }.map(\.0.number)
      #expect(numbers == numbers.sorted(), "seed \(seed)")
    }
    // Of the three after one that is held back two come before it, unless they are held back, too: 1 - p each.
    let overtakings = zip(arrivals, arrivals.dropFirst()).count { $0.number > $1.number }
    #expect(overtakings > 0)
  }

  @Test(arguments: [0.02, 0.5], [1, 2, 3] as [UInt64]) func aShareArrivesTwice(probability: Double, seed: UInt64) {
    var conditions = LinkConditions(delay: .milliseconds(10))
    conditions.duplicationProbability = probability
    var link = LinkDirection<Numbered>(conditions: conditions, seed: seed)
    let numbers = link.carry(Self.count).map(\.number)
    #expect(Set(numbers).count == Self.count)
    #expect(numbers == numbers.sorted())
    let doubled = numbers.count - Self.count
    #expect(doubled == link.counts.duplicated)
    #expect(Statistics.binomial(Self.count, probability).contains(Double(doubled)), "seed \(seed)")
  }

  @Test(arguments: [0.02, 0.3], [1, 2, 3] as [UInt64]) func aShareHasOneBitWrong(probability: Double, seed: UInt64) {
    var conditions = LinkConditions()
    conditions.corruptionProbability = probability
    var link = LinkDirection<Numbered>(conditions: conditions, seed: seed)
    let flips = link.carry(Self.count, byteCount: 300).map(\.datagram.flips)
    #expect(flips.allSatisfy { $0.count <= 1 })
    let bits = flips.flatMap { $0 }
    #expect(Statistics.binomial(Self.count, probability).contains(Double(bits.count)), "seed \(seed)")
    #expect(bits.count == link.counts.corrupted)
    // Any bit, as often as any other.
    #expect(Statistics.distanceFromEven(bits.map { (Double($0) + 0.5) / 2400 }) < 1, "seed \(seed)")
  }

  @Test func aCopyIsDamagedByItself() {
    var conditions = LinkConditions()
    conditions.duplicationProbability = 1
    conditions.corruptionProbability = 0.5
    var link = LinkDirection<[UInt8]>(conditions: conditions, seed: 1)
    let sent = [UInt8](repeating: 0x55, count: 100)
    var differ = 0
    for _ in 0..<200 {
      link.send(sent, at: 0)
      let (one, other) = (link.receive(at: 0), link.receive(at: 0))
      if (one == sent) != (other == sent) { differ += 1 }
    }
    #expect(Statistics.binomial(200, 0.5).contains(Double(differ)))
  }
}
