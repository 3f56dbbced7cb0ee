import Foundation
import LinkEmulator
import Testing

/// The model of Gilbert and Elliott.
@Suite struct BurstTests {
  private static let steps = 200_000

  struct Case: CustomTestStringConvertible {
    let goodToBad, badToGood: Double
    var testDescription: String { "\(goodToBad) into bursts, \(badToGood) out of them" }
  }

  @Test(arguments: [Case(goodToBad: 0.02, badToGood: 0.4), Case(goodToBad: 0.005, badToGood: 0.1)], [1, 2, 3] as [UInt64])
  func lossesAreAsOftenAndAsLongAsAsked(given: Case, seed: UInt64) {
    var conditions = LinkConditions()
    conditions.burstLoss = BurstLoss(goodToBadProbability: given.goodToBad, badToGoodProbability: given.badToGood)
    var link = LinkDirection<Numbered>(conditions: conditions, seed: seed)
    let numbers = link.carry(Self.steps).map(\.number)
    let bounds = Statistics.stepsInBadState(Self.steps, goodToBad: given.goodToBad, badToGood: given.badToGood)
    #expect(bounds.contains(Double(link.counts.lostInBurst)), "seed \(seed)")
    #expect(link.counts.lostInBurst == Self.steps - numbers.count)
    // How long a stay in either state is follows from one probability.
    #expect(misfit(Runs.missing(from: numbers, of: Self.steps), leaving: given.badToGood) < 1, "bursts, seed \(seed)")
    #expect(misfit(Runs.present(in: numbers), leaving: given.goodToBad) < 1, "gaps, seed \(seed)")
  }

  /// How far lengths are from a geometric distribution, in units of the bound: up to ten classes that are about as likely each.
  private func misfit(_ lengths: [Int], leaving: Double) -> Double {
    let quantiles = (1..<10).map { Int((log(1 - Double($0) / 10) / log(1 - leaving)).rounded(.up)) }
    let edges = Set(quantiles).sorted()
    var counts = [Int](repeating: 0, count: edges.count + 1)
    for length in lengths { counts[edges.firstIndex { length <= $0 } ?? edges.count] += 1 }
    let exceeding = [1] + edges.map { pow(1 - leaving, Double($0)) } + [0]
    let expected = zip(exceeding, exceeding.dropFirst()).map { ($0 - $1) * Double(lengths.count) }
    return Statistics.chiSquare(counts, expected: expected) / Statistics.chiSquareBound(freedom: edges.count)
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func eachStateHasItsOwnLoss(seed: UInt64) {
    var conditions = LinkConditions()
    // The state changes with each datagram: the first is in the bad one, the second in the good one.
    conditions.burstLoss = BurstLoss(goodToBadProbability: 1, badToGoodProbability: 1, lossInGood: 0.1, lossInBad: 0.6)
    var link = LinkDirection<Numbered>(conditions: conditions, seed: seed)
    let numbers = link.carry(50_000).map(\.number)
    let lostInBad = 25_000 - numbers.count { $0.isMultiple(of: 2) }
    let lostInGood = 25_000 - numbers.count { !$0.isMultiple(of: 2) }
    #expect(Statistics.binomial(25_000, 0.6).contains(Double(lostInBad)), "seed \(seed)")
    #expect(Statistics.binomial(25_000, 0.1).contains(Double(lostInGood)), "seed \(seed)")
  }
}
