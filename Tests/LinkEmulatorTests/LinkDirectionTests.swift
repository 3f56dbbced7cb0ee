import LinkEmulator
import Testing

@Suite struct LinkDirectionTests {
  private let datagram = [UInt8](repeating: 0xaa, count: 1250)

  @Test func aPerfectLinkDeliversAtOnceAndInOrder() {
    var link = LinkDirection<[UInt8]>(seed: 1)
    for byte in UInt8(0)..<100 { link.send([byte], at: 5) }
    #expect(link.nextArrival == 5)
    #expect(drain(&link, at: 5).map { $0[0] } == Array(0..<100))
    #expect(link.nextArrival == nil)
  }

  @Test func delayIsTheTimeOnTheWay() {
    var link = LinkDirection<[UInt8]>(conditions: .init(delay: .milliseconds(20)), seed: 1)
    link.send(datagram, at: 1_000)
    #expect(link.receive(at: 20_000_999) == nil)
    #expect(link.receive(at: 20_001_000) != nil)
  }

  @Test func theRateSpacesDatagrams() {
    // 1250 bytes at 10 Mbit/s take a millisecond.
    var link = LinkDirection<[UInt8]>(conditions: .init(delay: .zero, bitsPerSecond: 10_000_000), seed: 1)
    for _ in 0..<3 { link.send(datagram, at: 0) }
    var arrivals: [UInt64] = []
    while let next = link.nextArrival {
      arrivals.append(next)
      _ = link.receive(at: next)
    }
    #expect(arrivals == [1_000_000, 2_000_000, 3_000_000])
  }

  @Test func aFullQueueDropsWhatDoesNotFit() {
    var conditions = LinkConditions(delay: .zero, bitsPerSecond: 10_000_000)
    conditions.queueBytes = 10 * 1250
    var link = LinkDirection<[UInt8]>(conditions: conditions, seed: 1)
    for _ in 0..<100 { link.send(datagram, at: 0) }
    #expect(link.counts.underWay == 11)
    #expect(link.counts.lostInQueue == 89)
    #expect(link.counts.isConserved)
  }

  @Test func anOutageLosesEverythingWhileItLasts() {
    var conditions = LinkConditions()
    conditions.outages = [100..<200]
    var link = LinkDirection<[UInt8]>(conditions: conditions, seed: 1)
    for time in [99, 100, 199, 200] as [UInt64] { link.send([UInt8(time)], at: time) }
    #expect(drain(&link, at: 1000).map { $0[0] } == [99, 200])
    #expect(link.counts.lostInOutage == 2)
  }

  @Test func theSameSeedGivesTheSameLink() {
    var conditions = LinkConditions(delay: .milliseconds(1), lossProbability: 0.2)
    conditions.reorderingProbability = 0.2
    func trace(_ seed: UInt64) -> [[UInt8]] {
      var link = LinkDirection<[UInt8]>(conditions: conditions, seed: seed)
      for byte in UInt8(0)..<100 { link.send([byte], at: UInt64(byte) * 100_000) }
      return drain(&link, at: .max)
    }
    #expect(trace(9) == trace(9))
    #expect(trace(9) != trace(10))
  }

  @Test func corruptionFlipsOneBit() {
    var conditions = LinkConditions()
    conditions.corruptionProbability = 1
    var link = LinkDirection<[UInt8]>(conditions: conditions, seed: 1)
    link.send(datagram, at: 0)
    let damaged = drain(&link, at: 0)[0]
    let bits = zip(damaged, datagram).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    #expect(bits == 1)
  }

  private func drain(_ link: inout LinkDirection<[UInt8]>, at now: UInt64) -> [[UInt8]] {
    var arrived: [[UInt8]] = []
    while let datagram = link.receive(at: now) { arrived.append(datagram) }
    return arrived
  }
}
