import LinkEmulator
import Testing

/// Under any mixture of conditions, changed at any time, nothing disappears, and nothing changes its order unasked.
@Suite struct ConservationTests {
  @Test(arguments: 1...30 as ClosedRange<UInt64>) func everyDatagramIsAccountedFor(seed: UInt64) {
    var chance = SeededGenerator(seed: seed)
    var link = LinkDirection<Numbered>(conditions: mixture(&chance, reorders: true), seed: chance.next())
    var now: UInt64 = 0
    var arrived = 0
    var strayed = false
    for number in 0..<3_000 {
      now += chance.next() % 1_000_000
      if chance.chance(0.01) { link.conditions = mixture(&chance, reorders: true) }
      if chance.chance(0.01) { link.isDown.toggle() }
      arrived += link.take(until: now).count
      link.send(Numbered(number, byteCount: Int(chance.next() % 1_500) + 1), at: now)
      if !link.counts.isConserved || link.counts.delivered != arrived { strayed = true }
    }
    #expect(!strayed, "seed \(seed)")
    arrived += link.take(until: .max).count
    #expect(link.counts.underWay == 0, "seed \(seed)")
    let counts = link.counts
    #expect(counts.delivered == arrived && counts.sent == 3_000 && counts.isConserved, "seed \(seed): \(counts)")
  }

  @Test(arguments: 1...30 as ClosedRange<UInt64>) func theOrderStays(seed: UInt64) {
    var chance = SeededGenerator(seed: seed)
    var link = LinkDirection<Numbered>(conditions: mixture(&chance, reorders: false), seed: chance.next())
    var now: UInt64 = 0
    var numbers: [Int] = []
    for number in 0..<3_000 {
      now += chance.next() % 1_000_000
      if chance.chance(0.01) { link.conditions = mixture(&chance, reorders: false) }
      numbers += link.take(until: now).map(\.number)
      link.send(Numbered(number, byteCount: Int(chance.next() % 1_500) + 1), at: now)
    }
    numbers += link.take(until: .max).map(\.number)
    #expect(numbers == numbers.sorted(), "seed \(seed)")
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>) func nothingArrivesBeforeItIsSent(seed: UInt64) {
    var chance = SeededGenerator(seed: seed)
    var link = LinkDirection<Numbered>(conditions: mixture(&chance, reorders: true), seed: chance.next())
    let arrivals = link.carry(1_000, every: .microseconds(200))
    #expect(arrivals.allSatisfy { $0.time >= UInt64($0.number) * 200_000 }, "seed \(seed)")
    #expect(arrivals.map(\.time) == arrivals.map(\.time).sorted(), "seed \(seed)")
  }

  @Test func eachDirectionIsByItself() {
    let plain = LinkConditions(delay: .milliseconds(5), lossProbability: 0.1)
    var chance = SeededGenerator(seed: 3)
    var one = Link<Numbered>(forward: plain, backward: plain, seed: 8)
    var other = Link<Numbered>(forward: mixture(&chance, reorders: true), backward: plain, seed: 8)
    _ = one.forward.carry(500)
    _ = other.forward.carry(2_000)
    #expect(one.backward.carry(1_000).map(\.number) == other.backward.carry(1_000).map(\.number))
    // The same conditions do not lose the same datagrams both ways.
    var both = Link<Numbered>(plain, seed: 8)
    #expect(both.forward.carry(1_000).map(\.number) != both.backward.carry(1_000).map(\.number))
  }

  /// Each impairment is in about half of the mixtures.
  private func mixture(_ chance: inout SeededGenerator, reorders: Bool) -> LinkConditions {
    func some(below limit: UInt64) -> Int { Int(chance.next() % limit) }
    var conditions = LinkConditions()
    if chance.chance(0.5) { conditions.delay = .microseconds(some(below: 100_000)) }
    if chance.chance(0.5) { conditions.jitter = .microseconds(some(below: 50_000)) }
    if chance.chance(0.5) { conditions.lossProbability = chance.unit() * 0.5 }
    if chance.chance(0.3) { conditions.longestLossRun = some(below: 4) }
    if chance.chance(0.5) {
      conditions.burstLoss = BurstLoss(
        goodToBadProbability: chance.unit() * 0.1, badToGoodProbability: chance.unit(), lossInGood: chance.unit() * 0.1,
        lossInBad: chance.unit())
    }
    if chance.chance(0.5) {
      conditions.repeatingOutage = RepeatingOutage(
        firstBegin: chance.next() % 1_000_000_000, length: .microseconds(some(below: 20_000)),
        pause: .microseconds(some(below: 200_000)))
    }
    if chance.chance(0.3) { conditions.droppedOrdinals = [some(below: 100), some(below: 100), some(below: 100)] }
    if chance.chance(0.5) { conditions.bitsPerSecond = 100_000 + chance.next() % 50_000_000 }
    if chance.chance(0.5) { conditions.queueDatagrams = some(below: 50) }
    conditions.queueBytes = chance.chance(0.5) ? some(below: 50_000) : nil
    if reorders, chance.chance(0.5) {
      conditions.reorderingProbability = chance.unit() * 0.3
      conditions.reorderingDelay = .microseconds(some(below: 20_000))
    }
    if chance.chance(0.5) { conditions.duplicationProbability = chance.unit() * 0.3 }
    if chance.chance(0.5) { conditions.corruptionProbability = chance.unit() * 0.3 }
    return conditions
  }
}
