import QUICTransport
import Testing

@Suite struct FlowControlTests {
  @Test func aSlowReaderStopsItsOwnStreamAtItsWindow() throws {
    var setups = try Setups()
    setups.clientConnection.bidirectionalStreamWindowBytes = 50_000
    let (pair, _, _, recorder) = try Pair.connected(setups)
    recorder.consumesAtOnce = false
    let slow = try #require(recorder.send(pattern(500_000)))
    pair.run(for: .seconds(5))
    #expect(recorder.received[slow]?.count == 50_000)

    // Others go on.
    let other = try #require(recorder.send(pattern(40_000)))
    #expect(pair.run(for: .seconds(5), until: { recorder.ended.contains(other) }))
    #expect(recorder.received[slow]?.count == 50_000)

    // Credit lets the stream go on by just as much.
    recorder.consume(slow)
    pair.run(for: .seconds(5))
    #expect(recorder.received[slow]?.count == 100_000)
    recorder.consumesAtOnce = true
    recorder.consume(slow)
    #expect(pair.run(until: { recorder.ended.contains(slow) }))
    #expect(recorder.holds(pattern(500_000), on: slow))
  }

  @Test func manyStalledStreamsDoNotStopTheConnection() throws {
    var setups = try Setups()
    setups.clientConnection.bidirectionalStreamWindowBytes = 20_000
    setups.clientConnection.connectionWindowBytes = 1 << 20
    setups.connection.bidirectionalStreamLimit = 200
    let (pair, _, _, recorder) = try Pair.connected(setups)
    recorder.consumesAtOnce = false
    let stalled = (0..<150).compactMap { _ in recorder.send(pattern(30_000)) }
    pair.run(for: .seconds(10))
    // Together 3 MB, three times the window of the connection: its credit came back on arrival.
    #expect(stalled.allSatisfy { recorder.received[$0]?.count == 20_000 })
    recorder.consumesAtOnce = true
    let other = try #require(recorder.send(pattern(100_000)))
    #expect(pair.run(for: .seconds(10), until: { recorder.ended.contains(other) }))
  }

  @Test func theConnectionsWindowBoundsWhatIsUnderWay() throws {
    var setups = try Setups()
    setups.connection.connectionWindowBytes = 64_000
    let (pair, _, _, recorder) = try Pair.connected(setups)
    let streams = (0..<10).compactMap { _ in recorder.send(pattern(100_000)) }
    #expect(pair.run(until: { recorder.closed.count == streams.count }))
  }

  @Test func streamsBeyondTheLimitWaitForAnother() throws {
    var setups = try Setups()
    setups.connection.bidirectionalStreamLimit = 3
    let (pair, client, _, recorder) = try Pair.connected(setups)
    let streams = (0..<3).compactMap { _ in recorder.send(pattern(10)) }
    #expect(streams.count == 3)
    #expect(recorder.send(pattern(10)) == nil)
    #expect(client.bidirectionalStreamsLeft == 0)
    #expect(pair.run(until: { recorder.closed.count == 3 && recorder.bidirectionalMaximum > 3 }))
    #expect(recorder.send(pattern(10)) != nil)
  }

  @Test func resetsAndStopsCarryTheirCodes() throws {
    let (pair, client, server, recorder) = try Pair.connected(try Setups())
    let atServer = try #require(server.application as? StreamRecorder)
    atServer.echoes = false
    let reset = try #require(recorder.send(pattern(10), isFinal: false))
    let stopped = try #require(recorder.send(pattern(10), isFinal: false))
    let both = try #require(recorder.send(pattern(10), isFinal: false))
    pair.run(for: .seconds(1))
    client.resetSending(reset, code: 0x101)
    server.stopReading(stopped, code: 0x102)
    client.resetStream(both, code: 0x103)
    pair.run(for: .seconds(1))
    // STOP_SENDING shows when the stream is offered again, or at its end.
    recorder.append(pattern(10), to: stopped, isFinal: false)
    pair.run(for: .seconds(1))
    #expect(atServer.resets[reset] == 0x101)
    #expect(recorder.isShut(stopped))
    #expect(atServer.resets[both] == 0x103)
    #expect(atServer.closed[both] == 0x103)
  }
}
