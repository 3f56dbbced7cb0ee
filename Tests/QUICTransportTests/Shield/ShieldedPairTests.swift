import LinkEmulator
import NIOCore
import QUICTransport
import Testing

@Suite("with the shield a lost datagram costs milliseconds")
struct ShieldedPairTests {
  private func setups(_ mode: ShieldMode) throws -> Setups {
    var setups = try Setups()
    setups.connection.shield = mode
    setups.clientConnection.shield = mode
    return setups
  }

  /// The times of calls one after the other, over 200 ms and 5 % loss each way.
  private func calls(_ mode: ShieldMode, count: Int) throws -> (times: [UInt64], client: Connection, server: Connection) {
    let conditions = LinkConditions(delay: .milliseconds(100), lossProbability: 0.05)
    let (pair, client, server, recorder) = try Pair.connected(try setups(mode), conditions: conditions, seed: 3)
    var times: [UInt64] = []
    for _ in 0..<count {
      let begin = pair.now
      let stream = try #require(recorder.send(pattern(100)))
      #expect(pair.run(until: { recorder.ended.contains(stream) }))
      #expect(recorder.holds(pattern(100), on: stream))
      times.append(pair.now - begin)
    }
    return (times.sorted(), client, server)
  }

  @Test("ninety-eight of a hundred calls take one round trip and the wait for a copy")
  func tail() throws {
    let off = try calls(.off, count: 300)
    let auto = try calls(.auto, count: 300)
    #expect(off.times[293] > 400_000_000, "without, losses cost a probe timeout")
    #expect(auto.times[293] < 260_000_000)
    #expect(off.client.figures.copiesSent == 0 && off.server.figures.copiesSent == 0)
    for end in [auto.client, auto.server] {
      #expect(end.figures.copiesSent > 300)
      #expect(end.figures.copyBytesSent < end.figures.bytesSent)
    }
  }

  @Test("on a clean link that is shorter than the first copy's wait nothing is sent twice")
  func clean() throws {
    let conditions = LinkConditions(delay: .milliseconds(2))
    let (pair, client, server, recorder) = try Pair.connected(try setups(.auto), conditions: conditions)
    for _ in 0..<100 {
      let stream = try #require(recorder.send(pattern(100)))
      #expect(pair.run(until: { recorder.ended.contains(stream) }))
      pair.run(for: .milliseconds(40))
    }
    #expect(client.figures.copiesSent == 0)
    #expect(server.figures.copiesSent <= 16, "what is acknowledged late, while nothing is known of the link")
  }

  @Test("an answer that is slower than a probe timeout does not make a clean link a lossy one")
  func spurious() throws {
    let (pair, client, _, recorder) = try Pair.connected(
      try setups(.auto), conditions: LinkConditions(delay: .milliseconds(100)))
    func calls(_ count: Int) throws -> UInt64 {
      let before = client.figures.copiesSent
      for _ in 0..<count {
        let stream = try #require(recorder.send(pattern(100)))
        #expect(pair.run(until: { recorder.ended.contains(stream) }))
      }
      // Until all is acknowledged, so that a link can be put in place of the other, and the path is in doubt no more.
      pair.run(for: .seconds(3))
      return client.figures.copiesSent - before
    }
    _ = try calls(30)
    pair.link = Link(LinkConditions(delay: .milliseconds(250)), seed: 2)
    #expect(try calls(1) > 0, "while it may have been lost")
    pair.link = Link(LinkConditions(delay: .milliseconds(100)), seed: 3)
    #expect(try calls(30) == 0)
  }

  @Test("of bulk only the rest is sent twice: its last packets, and what is still missing when nothing else is left")
  func bulk() throws {
    let conditions = LinkConditions(delay: .milliseconds(100), lossProbability: 0.05)
    var setups = try setups(.always)
    setups.connection.bidirectionalStreamWindowBytes = 4 << 20
    setups.connection.congestionControl = .bbr2
    setups.clientConnection.congestionControl = .bbr2
    let (pair, client, _, recorder) = try Pair.connected(setups, conditions: conditions)
    let before = client.figures.copyBytesSent
    let stream = try #require(recorder.send(pattern(1 << 20)))
    #expect(pair.run(until: { recorder.acknowledged[stream] == 1 << 20 }))
    let copied = client.figures.copyBytesSent - before
    #expect(copied >= 8 * 1200 && copied < 1 << 17)
  }

  @Test("a lost ClientHello is there again before its probe timeout, and a silent server is not flooded")
  func handshake() throws {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(100)))
    let setups = try setups(.auto)
    pair.server.setup = try setups.server()
    var count = 0
    pair.filter = { packet in
      count += packet.to == .server ? 1 : 0
      return packet.to != .server || count > 1
    }
    let begin = pair.now
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    #expect(pair.run(until: { pair.client.isConfirmed(connection) }))
    #expect(pair.now - begin < 500_000_000)
  }

  @Test("before the client's address is validated a server with copies stays below three times what it got", arguments: 1...5)
  func amplification(seed: Int) throws {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(100)), seed: UInt64(seed))
    let setups = try setups(.always)
    pair.server.setup = try setups.server()
    var received = 0
    var sent = 0
    pair.filter = { packet in
      // Nothing but what the client says of its own accord arrives; its acknowledgements are lost.
      if packet.to == .server {
        guard packet.bytes.count >= 1200, received < 2 * 1200 else { return false }
        received += packet.bytes.count
      } else {
        sent += packet.bytes.count
        #expect(sent <= 3 * received)
      }
      return packet.to == .server
    }
    _ = try pair.connect(try setups.client(StreamRecorder()))
    pair.run(for: .seconds(5))
    #expect(sent > 0)
  }
}
