import LinkEmulator
import Testing

@Suite struct OutageTests {
  @Test func outagesRepeat() {
    var conditions = LinkConditions()
    conditions.repeatingOutage = RepeatingOutage(firstBegin: 500, length: .nanoseconds(20), pause: .nanoseconds(80))
    var link = LinkDirection<Numbered>(conditions: conditions, seed: 1)
    let numbers = link.carry(1_000, every: .nanoseconds(1)).map(\.number)
    #expect(numbers == (0..<1_000).filter { $0 < 500 || $0 % 100 >= 20 })
    #expect(link.counts.lostInOutage == 100)
  }

  @Test func anOutageWithoutAPauseNeverEnds() {
    let outage = RepeatingOutage(firstBegin: 10, length: .seconds(1), pause: .zero)
    #expect(!outage.contains(9))
    #expect([10, 1_000_000_010, .max].allSatisfy(outage.contains))
    #expect(!RepeatingOutage(firstBegin: 10, length: .zero, pause: .zero).contains(10))
  }

  @Test func randomOutagesFillTheirShareOfTheTimeInPiecesOfTheirLength() {
    var conditions = LinkConditions()
    conditions.randomOutages = RandomOutages(meanLength: .milliseconds(100), meanPause: .milliseconds(1900))
    var link = LinkDirection<Numbered>(conditions: conditions, seed: 1)
    let count = 2_000_000
    let numbers = link.carry(count, every: .milliseconds(1)).map(\.number)
    let share = Double(link.counts.lostInOutage) / Double(count)
    #expect((0.04...0.06).contains(share), "\(share)")
    let gaps = zip(numbers, numbers.dropFirst()).map { $1 - $0 - 1 }.filter { $0 > 0 }
    let mean = Double(gaps.reduce(0, +)) / Double(gaps.count)
    #expect((85...115).contains(mean), "\(mean)")
    // Exponentially distributed: a seventh is longer than twice the mean.
    let long = Double(gaps.count { $0 > 200 }) / Double(gaps.count)
    #expect((0.10...0.18).contains(long), "\(long)")
    #expect(link.counts.isConserved)
  }

  @Test func whatIsUnderWayWhenTheLinkIsCutArrives() {
    var link = LinkDirection<Numbered>(conditions: .init(delay: .milliseconds(10)), seed: 1)
    link.send(Numbered(0), at: 0)
    link.isDown = true
    link.send(Numbered(1), at: 1)
    link.isDown = false
    link.send(Numbered(2), at: 2)
    #expect(link.take(until: .max).map(\.number) == [0, 2])
    #expect(link.counts.lostInOutage == 1)
    #expect(link.counts.isConserved)
  }

  @Test func anOutageDrawsNothing() {
    // What the others meet does not depend on how many an outage took.
    var cut = LinkDirection<Numbered>(conditions: .init(delay: .zero, lossProbability: 0.3), seed: 7)
    var whole = cut
    cut.isDown = true
    for number in 0..<100 { cut.send(Numbered(number), at: 0) }
    cut.isDown = false
    #expect(cut.carry(1_000).map(\.number) == whole.carry(1_000).map(\.number))
  }
}
