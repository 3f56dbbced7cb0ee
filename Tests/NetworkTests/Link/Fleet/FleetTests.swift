import LinkEmulator
import Testing

/// A core that comes back finds all its edges before its door.
@Suite struct FleetTests {
  /// 10 000 edges, a request waiting at one in ten, 5 % loss each way and a round trip of 200 ms; a handshake costs the core
  /// 2.4 ms.
  @Test func `ten thousand edges are linked again as fast as the core can shake hands`() {
    let fleet = Fleet(
      edges: 10_000, waiting: 0.1, conditions: LinkConditions(delay: .milliseconds(100), lossProbability: 0.05), seed: 1)
    fleet.run(dark: 4, until: 120)
    let outcome = fleet.outcome
    let linked = outcome.linkedAt.compactMap { $0 }.sorted()
    #expect(linked.count == 10_000)
    // What it meets when it comes back.
    #expect(outcome.sentWhileDark < 4 * 25_000)
    // 24 s of work, and little of it in vain.
    #expect((linked.last ?? 0) < 45)
    #expect(outcome.handshakes < 13_000)
    // Who is linked already is served meanwhile.
    #expect(outcome.longestTurn < 0.05)
  }

  /// After a power failure, say: the core is up a second after the last of them, and each has sent less than ten datagrams.
  @Test func `ten thousand edges that start before their core do it no more harm`() {
    let fleet = Fleet(
      edges: 10_000, waiting: 0, isNew: true, conditions: LinkConditions(delay: .milliseconds(100), lossProbability: 0.05), seed: 2)
    fleet.run(dark: 2, until: 120)
    let outcome = fleet.outcome
    let linked = outcome.linkedAt.compactMap { $0 }.sorted()
    #expect(linked.count == 10_000)
    #expect(outcome.sentWhileDark < 10 * 10_000)
    #expect((linked.last ?? 0) < 45)
    #expect(outcome.handshakes < 13_000)
    #expect(outcome.longestTurn < 0.08)
  }

  /// The same for a site whose edges share the address of a NAT, which has a share of the core's room and not all of it.
  @Test func `edges behind one address are linked again as well`() {
    let fleet = Fleet(
      edges: 500, perAddress: 500, waiting: 0.1, conditions: LinkConditions(delay: .milliseconds(100), lossProbability: 0.05), seed: 1)
    fleet.run(dark: 4, until: 60)
    let linked = fleet.outcome.linkedAt.compactMap { $0 }.sorted()
    #expect(linked.count == 500)
    #expect((linked.last ?? 0) < 10)
  }
}
