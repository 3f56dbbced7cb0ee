import LinkEmulator
import Testing

@Suite struct LossTests {
  @Test(arguments: [0.001, 0.05, 0.3, 0.9], [1, 2, 3] as [UInt64])
  func datagramsAreLostAsOftenAsAsked(probability: Double, seed: UInt64) {
    var link = LinkDirection<Numbered>(conditions: .init(delay: .zero, lossProbability: probability), seed: seed)
    let arrivals = link.carry(50_000)
    #expect(Statistics.binomial(50_000, probability).contains(Double(link.counts.lost)), "seed \(seed)")
    #expect(arrivals.count == 50_000 - link.counts.lost)
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func aLossSaysNothingOfTheNext(seed: UInt64) {
    var link = LinkDirection<Numbered>(conditions: .init(delay: .zero, lossProbability: 0.2), seed: seed)
    var isThere = [Double](repeating: 0, count: 50_000)
    for arrival in link.carry(isThere.count) { isThere[arrival.number] = 1 }
    #expect(Statistics.memory(isThere) < 1, "seed \(seed)")
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func noMoreInARowAreLostThanAllowed(seed: UInt64) {
    var conditions = LinkConditions(delay: .zero, lossProbability: 0.3)
    conditions.longestLossRun = 3
    var link = LinkDirection<Numbered>(conditions: conditions, seed: seed)
    let runs = Runs.missing(from: link.carry(50_000).map(\.number), of: 50_000)
    #expect(runs.max() == 3, "seed \(seed)")
    // Runs that would have gone on end there.
    #expect(Statistics.binomial(runs.count, 0.3 * 0.3).contains(Double(runs.count { $0 == 3 })), "seed \(seed)")
  }

  @Test func thoseWithTheNumbersAreLost() {
    var conditions = LinkConditions()
    conditions.droppedOrdinals = [1, 3, 4]
    var link = LinkDirection<Numbered>(conditions: conditions, seed: 1)
    #expect(link.carry(6).map(\.number) == [1, 4, 5])
    #expect(link.counts.lost == 3)
    // A change begins to count anew.
    link.conditions.droppedOrdinals = [2]
    #expect(link.carry(6).map(\.number) == [0, 2, 3, 4, 5])
  }
}
