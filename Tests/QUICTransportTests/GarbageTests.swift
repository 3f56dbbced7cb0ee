import Events
import LinkEmulator
import QUICTransport
import Testing

@Suite struct GarbageTests {
  @Test(arguments: [1, 2, 3] as [UInt64]) func noiseIsRefusedAndCounted(seed: UInt64) throws {
    let setups = try Setups()
    let pair = Pair(seed: seed)
    pair.server.setup = try setups.server()
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3_000 {
      let count = Int(random.next() % 1500)
      pair.inject((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    }
    #expect(pair.server.refusals.values.reduce(0, +) >= 2_900, "seed \(seed)")
    #expect(pair.server.endpoint.handshakesInProgress == 0, "seed \(seed)")
    try serves(pair, setups)
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func forgedInitialsLeaveNothingBehind(seed: UInt64) throws {
    let setups = try Setups()
    let pair = Pair(seed: seed)
    pair.server.setup = try setups.server()
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      var datagram: [UInt8] = [0xc3, 0, 0, 0, 1, 8]
      for _ in 0..<8 { datagram.append(UInt8(truncatingIfNeeded: random.next())) }
      datagram += [0, 0, 0x44, 0x96]
      while datagram.count < 1200 { datagram.append(UInt8(truncatingIfNeeded: random.next())) }
      pair.inject(datagram)
    }
    #expect(pair.server.refusals[.malformed] == 500, "seed \(seed)")
    #expect(pair.server.endpoint.connectionCount == 0, "seed \(seed)")
    #expect(pair.server.endpoint.handshakesInProgress == 0, "seed \(seed)")
    try serves(pair, setups)
  }

  /// Every datagram of a connection comes a second time with a bit flipped, in the handshake and after it.
  @Test(arguments: [1, 2, 3] as [UInt64]) func damagedCopiesDoNoHarm(seed: UInt64) throws {
    let setups = try Setups()
    let pair = Pair(seed: seed)
    pair.server.setup = try setups.server()
    var random = SeededGenerator(seed: seed)
    pair.filter = { packet in
      var damaged = packet
      damaged.flip(bit: Int(random.next() % UInt64(packet.byteCount * 8)))
      if packet.to == .server {
        pair.link.forward.send(damaged, at: pair.now)
      } else {
        pair.link.backward.send(damaged, at: pair.now)
      }
      return true
    }
    try serves(pair, setups)
  }

  private func serves(_ pair: Pair, _ setups: Setups) throws {
    pair.server.setup = try setups.server { _ in
      let recorder = StreamRecorder()
      recorder.echoes = true
      return recorder
    }
    let recorder = StreamRecorder()
    let connection = try pair.connect(try setups.client(recorder))
    #expect(pair.run(until: { pair.client.isConfirmed(connection) }))
    let stream = try #require(recorder.send(pattern(10_000)))
    #expect(pair.run(until: { recorder.ended.contains(stream) }))
    #expect(recorder.holds(pattern(10_000), on: stream))
  }
}
