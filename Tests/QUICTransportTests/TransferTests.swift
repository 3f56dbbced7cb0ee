import LinkEmulator
import NIOCore
import QUICTransport
import Testing

/// Streams over links that lose, delay, reorder, repeat and damage datagrams.
@Suite struct TransferTests {
  @Test func manyStreamsShareAConnection() throws {
    let (pair, _, _, recorder) = try Pair.connected(try Setups())
    let streams = (1...100).compactMap { recorder.send(pattern($0 * 37)) }
    #expect(streams.count == 100)
    #expect(pair.run(until: { recorder.closed.count == 100 }))
    for (index, stream) in streams.enumerated() { #expect(recorder.holds(pattern((index + 1) * 37), on: stream)) }
  }

  @Test func smallStreamsShareAPacket() throws {
    let (pair, client, _, recorder) = try Pair.connected(try Setups())
    pair.run(for: .seconds(1))
    let before = client.figures.packetsSent
    for _ in 0..<20 { recorder.send(pattern(30)) }
    pair.run(for: .milliseconds(1))
    #expect(client.figures.packetsSent - before == 1)
  }

  @Test func bulkLeavesInLongBursts() throws {
    let (pair, _, _, recorder) = try Pair.connected(try Setups())
    let stream = try #require(recorder.send(pattern(4 << 20)))
    #expect(pair.run(until: { recorder.ended.contains(stream) }))
    #expect(recorder.holds(pattern(4 << 20), on: stream))
    let largest = pair.bursts.max { $0.datagramCount < $1.datagramCount }
    #expect(try #require(largest).datagramCount >= 16)
    #expect(pair.bursts.allSatisfy { $0.byteCount <= Burst.maximumByteCount && $0.datagramCount <= Burst.maximumDatagramCount })
    #expect(pair.bursts.contains { $0.kind == .bulk } && pair.bursts.contains { $0.kind == .probe })
    // Path MTU discovery has found what the configuration allows.
    #expect(pair.bursts.contains { $0.kind == .bulk && $0.segmentSize == 1444 })
  }

  @Test(arguments: 1...6) func everythingArrivesOverABadLink(seed: Int) throws {
    var conditions = LinkConditions(delay: .milliseconds(15), lossProbability: 0.03)
    conditions.jitter = .milliseconds(5)
    conditions.reorderingProbability = 0.05
    conditions.duplicationProbability = 0.03
    conditions.corruptionProbability = 0.01
    conditions.burstLoss = BurstLoss(goodToBadProbability: 0.002, badToGoodProbability: 0.5)
    try transfer(conditions, seed: UInt64(seed), congestionControl: seed % 2 == 0 ? .cubic : .bbr2)
  }

  @Test(arguments: 1...3) func everythingArrivesThroughABottleneck(seed: Int) throws {
    var conditions = LinkConditions(delay: .milliseconds(20), bitsPerSecond: 20_000_000)
    conditions.queueBytes = 64 << 10
    try transfer(conditions, seed: UInt64(seed), congestionControl: .cubic)
  }

  @Test func aStreamOutlivesAThousandGaps() throws {
    var setups = try Setups()
    setups.connection.bidirectionalStreamWindowBytes = 16 << 20
    let (pair, client, server, recorder) = try Pair.connected(setups, conditions: LinkConditions(delay: .milliseconds(100)))
    // Until the congestion window holds them.
    let first = try #require(recorder.send(pattern(8 << 20)))
    #expect(pair.run(until: { recorder.acknowledged[first] == 8 << 20 }))
    var largeCount = 0
    let end = pair.now + 150_000_000
    pair.filter = { packet in
      guard packet.to == .server, packet.bytes.count > 1000, pair.now < end else { return true }
      largeCount += 1
      return largeCount % 2 == 0
    }
    let second = try #require(recorder.send(pattern(8 << 20)))
    #expect(pair.run(until: { recorder.acknowledged[second] == 8 << 20 }))
    #expect(largeCount > 2000, "every second of them left a gap")
    #expect(pair.server.refusals[.tooManyGaps] ?? 0 > 0)
    #expect(pair.client.closure(of: client) == nil && pair.server.closure(of: server) == nil)
  }

  @Test func aStreamOutlivesABlackOut() throws {
    var conditions = LinkConditions(delay: .milliseconds(10), bitsPerSecond: 10_000_000)
    conditions.outages = [2_000_000_000..<22_000_000_000]
    try transfer(conditions, seed: 1, congestionControl: .cubic)
  }

  private func transfer(
    _ conditions: LinkConditions, seed: UInt64, congestionControl: ConnectionConfiguration.CongestionControl
  ) throws {
    var setups = try Setups()
    setups.connection.congestionControl = congestionControl
    setups.clientConnection.congestionControl = congestionControl
    let (pair, client, _, recorder) = try Pair.connected(setups, conditions: conditions, seed: seed)
    let sizes = [1, 1_000, 100_000, 600_000, 3, 40_000]
    let streams = sizes.compactMap { recorder.send(pattern($0)) }
    let isComplete = pair.run(for: .seconds(200), until: { recorder.closed.count == sizes.count })
    #expect(isComplete, "seed \(seed): \(recorder.receivedCount) bytes, \(String(describing: pair.client.closure(of: client)))")
    for (stream, size) in zip(streams, sizes) { #expect(recorder.holds(pattern(size), on: stream), "seed \(seed)") }
    #expect(pair.link.forward.counts.isConserved && pair.link.backward.counts.isConserved)
  }
}
