import LinkEmulator
import Testing

@testable import quicgw_link

@Suite struct LatenessTests {
  @Test func quantilesAreRightToASixteenth() {
    var lateness = Lateness()
    var values: [UInt64] = []
    var chance = SeededGenerator(seed: 4)
    for _ in 0..<10_000 {
      let value = chance.next() >> (20 + chance.next() % 44)
      lateness.record(value)
      values.append(value)
    }
    values.sort()
    for share in [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1] {
      let exact = values[Int((share * 10_000).rounded(.up)) - 1]
      let said = lateness.quantile(share)
      #expect(said >= exact && said <= exact + exact / 16 + 1, "\(share): \(said) for \(exact)")
    }
    #expect(lateness.greatest == values.last)
    #expect(lateness.quantile(1) == lateness.greatest)
  }

  @Test func extremesHaveTheirPlace() {
    var lateness = Lateness()
    #expect(lateness.quantile(0.5) == 0)
    for value in [0, 1, 15, 16, 17, 31, 32, .max] as [UInt64] { lateness.record(value) }
    #expect(lateness.quantile(0.01) == 0)
    #expect(lateness.quantile(1) == .max)
  }
}
