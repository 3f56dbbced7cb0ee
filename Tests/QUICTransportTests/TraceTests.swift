import Foundation
import LinkEmulator
import QUICTransport
import Testing

/// qlog, as ngtcp2 writes it and as its viewers read it.
@Suite struct TraceTests {
  /// Keeps a trace.
  private final class Sink: TraceSink {
    let name: TraceName
    private(set) var text: [UInt8] = []
    private(set) var pieceCount = 0
    private(set) var hasEnded = false

    init(_ name: TraceName) { self.name = name }

    func write(_ records: [UInt8]) {
      #expect(!hasEnded)
      text += records
      pieceCount += 1
    }

    func end() { hasEnded = true }

    /// The records of the JSON text sequence: each between a record separator and a line feed (RFC 7464 §2).
    func records() throws -> [[String: Any]] {
      #expect(text.first == 0x1e && text.last == 0x0a)
      return try text.split(separator: 0x1e).map { record in
        #expect(record.last == 0x0a)
        return try #require(try JSONSerialization.jsonObject(with: Data(record)) as? [String: Any])
      }
    }

    /// How often each event is there.
    func events() throws -> [String: Int] {
      try records().dropFirst().reduce(into: [:]) { $0[$1["name"] as? String ?? "nameless", default: 0] += 1 }
    }

    /// The packet types of an event, such as `transport:packet_sent`.
    func packetTypes(of event: String) throws -> Set<String> {
      let packets = try records().filter { $0["name"] as? String == event }
      return Set(packets.compactMap { (($0["data"] as? [String: Any])?["header"] as? [String: Any])?["packet_type"] as? String })
    }
  }

  /// The traces of a pair.
  private final class Traces {
    private(set) var sinks: [Sink] = []

    func make(_ name: TraceName) -> any TraceSink {
      sinks.append(Sink(name))
      return sinks[sinks.count - 1]
    }
  }

  private func connected(_ setups: Setups, _ pair: Pair, _ traces: Traces) throws -> (Connection, StreamRecorder) {
    pair.server.setup = try setups.server { _ in
      let recorder = StreamRecorder()
      recorder.echoes = true
      return recorder
    }
    pair.server.setup?.trace = traces.make
    let recorder = StreamRecorder()
    var setup = try setups.client(recorder)
    setup.trace = traces.make
    let connection = try pair.connect(setup)
    #expect(pair.run(until: { pair.client.isConfirmed(connection) }))
    return (connection, recorder)
  }

  @Test func bothEndsTellEveryPacketOfAConnection() throws {
    let traces = Traces()
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(10), lossProbability: 0.02))
    let (connection, recorder) = try connected(Setups(), pair, traces)
    let stream = try #require(recorder.send(pattern(300_000)))
    #expect(pair.run(until: { recorder.ended.contains(stream) }))
    connection.close(applicationCode: 0, reason: "done")
    pair.run(for: .seconds(10))
    #expect(pair.client.endpoint.connectionCount == 0 && pair.server.endpoint.connectionCount == 0)

    let client = try #require(traces.sinks.first { $0.name.isClient })
    let server = try #require(traces.sinks.first { !$0.name.isClient })
    #expect(traces.sinks.count == 2)
    #expect(client.name.original == server.name.original && client.name.original.count == 36)
    for (sink, side) in [(client, "client"), (server, "server")] {
      let head = try #require(try sink.records().first)
      #expect(head["qlog_format"] as? String == "JSON-SEQ")
      let trace = try #require(head["trace"] as? [String: Any])
      #expect((trace["vantage_point"] as? [String: String])?["type"] == side)
      #expect((trace["common_fields"] as? [String: Any])?["group_id"] as? String == client.name.original)
      for event in ["transport:packet_sent", "transport:packet_received"] {
        #expect(try sink.packetTypes(of: event).isSuperset(of: ["initial", "handshake", "1RTT"]), "\(side) \(event)")
      }
      #expect(try sink.events()["recovery:packet_lost", default: 0] > 0, "\(side)")
      // Hundreds of packets came in a few pieces.
      #expect(sink.pieceCount < 30, "\(sink.pieceCount)")
    }
    // What one sent and the link did not lose the other received.
    let sent = try #require(try client.events()["transport:packet_sent"])
    let received = try #require(try server.events()["transport:packet_received"])
    #expect(sent >= received && sent - received <= pair.link.forward.counts.lost * 2)
  }

  @Test func aTraceIsCompleteWhenItsConnectionCloses() throws {
    let traces = Traces()
    let pair = Pair()
    let (connection, _) = try connected(Setups(), pair, traces)
    connection.close(applicationCode: 0x77, reason: "done")
    // Long before the closing periods are over.
    pair.run(for: .milliseconds(15))
    for sink in traces.sinks {
      let last = try #require(try sink.records().last { ($0["name"] as? String)?.hasPrefix("transport:packet_") == true })
      let frames = try #require((last["data"] as? [String: Any])?["frames"] as? [[String: Any]])
      #expect(frames.contains { $0["frame_type"] as? String == "connection_close" }, "\(last)")
      #expect(!sink.hasEnded)
    }
    // Nobody holds the server's connection any more when its closing period is over.
    pair.run(for: .seconds(10))
    pair.server.connections = []
    #expect(traces.sinks.allSatisfy { $0.hasEnded == !$0.name.isClient })
  }

  @Test func recordsAreAtMostASecondOldWhileMoreComes() throws {
    let traces = Traces()
    let pair = Pair()
    let (_, recorder) = try connected(Setups(), pair, traces)
    for _ in 0..<5 {
      pair.run(for: .milliseconds(1_100))
      let pieces = traces.sinks.map(\.pieceCount)
      recorder.send(pattern(10))
      pair.run(for: .milliseconds(50))
      #expect(zip(traces.sinks, pieces).allSatisfy { $0.pieceCount > $1 })
    }
  }

  @Test func aForgedInitialLeavesNoTrace() throws {
    let traces = Traces()
    let pair = Pair()
    pair.server.setup = try Setups().server()
    pair.server.setup?.trace = traces.make
    var datagram: [UInt8] = [0xc3, 0, 0, 0, 1, 8] + pattern(8) + [0, 0, 0x44, 0x96] + pattern(1174)
    datagram += [UInt8](repeating: 0, count: max(0, 1200 - datagram.count))
    pair.inject(datagram)
    #expect(pair.server.acceptCount == 1 && pair.server.endpoint.connectionCount == 0)
    #expect(traces.sinks.count == 1 && traces.sinks.allSatisfy { $0.hasEnded && $0.text.isEmpty })
  }
}
