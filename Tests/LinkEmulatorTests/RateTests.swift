import LinkEmulator
import Testing

@Suite struct RateTests {
  /// 1000 bytes at 8 Mbit/s take a millisecond.
  private func limited(packets: Int? = nil, bytes: Int? = nil) -> LinkConditions {
    var conditions = LinkConditions(delay: .milliseconds(5), bitsPerSecond: 8_000_000)
    conditions.queueDatagrams = packets
    conditions.queueBytes = bytes
    return conditions
  }

  @Test(arguments: [1, 2, 40]) func whatIsOfferedAboveTheRateArrivesAtTheRate(times: Int) {
    var link = LinkDirection<Numbered>(conditions: limited(packets: 25), seed: 1)
    let arrivals = link.carry(2_000 * times, every: .microseconds(1_000 / times))
    let distances = zip(arrivals, arrivals.dropFirst()).map { $1.time - $0.time }
    #expect(distances.allSatisfy { $0 == 1_000_000 })
    // What came in the two seconds, and what waited at their end.
    #expect(times == 1 ? arrivals.count == 2_000 : (2_025...2_026).contains(arrivals.count), "\(arrivals.count)")
    #expect(link.counts.lostInQueue == 2_000 * times - arrivals.count)
  }

  @Test(arguments: [0, 1, 25]) func asManyDatagramsWaitAsAllowed(limit: Int) {
    var link = LinkDirection<Numbered>(conditions: limited(packets: limit), seed: 1)
    for number in 0..<100 { link.send(Numbered(number), at: 0) }
    // One is on the wire.
    #expect(link.counts.underWay == limit + 1)
    // The first has left: there is room for one.
    for number in 100..<110 { link.send(Numbered(number), at: 1_000_000) }
    #expect(link.counts.underWay == limit + 2)
    #expect(link.take(until: .max).map(\.number) == Array(0...limit) + [100])
  }

  @Test func bytesAreCountedWhereDatagramsDiffer() {
    var link = LinkDirection<Numbered>(conditions: limited(bytes: 3_000), seed: 1)
    for number in 0..<10 { link.send(Numbered(number, byteCount: number.isMultiple(of: 2) ? 1_000 : 100), at: 0) }
    // 1000, 100, 1000, 100, 1000: 3200 bytes wait when the sixth comes.
    #expect(link.take(until: .max).map(\.number) == [0, 1, 2, 3, 4])
  }

  @Test func theNarrowerQueueCounts() {
    for (conditions, underWay) in [(limited(packets: 2, bytes: 100_000), 3), (limited(packets: 50, bytes: 4_000), 5)] {
      var link = LinkDirection<Numbered>(conditions: conditions, seed: 1)
      for number in 0..<10 { link.send(Numbered(number), at: 0) }
      #expect(link.counts.underWay == underWay)
    }
  }

  @Test func aQueueIsFullOnlyWhileTheWireIsBusy() {
    var link = LinkDirection<Numbered>(conditions: limited(packets: 0), seed: 1)
    let arrivals = link.carry(1_000, every: .milliseconds(1))
    #expect(arrivals.count == 1_000)
    #expect(arrivals.allSatisfy { $0.time == UInt64($0.number) * 1_000_000 + 6_000_000 })
  }

  @Test func aFasterRateHoldsForWhatIsSentThen() {
    var link = LinkDirection<Numbered>(conditions: limited(packets: 100), seed: 1)
    for number in 0..<10 { link.send(Numbered(number), at: 0) }
    link.conditions.bitsPerSecond = 80_000_000
    link.send(Numbered(10), at: 0)
    #expect(link.take(until: .max).map(\.time).suffix(2) == [15_000_000, 15_100_000])
  }
}
