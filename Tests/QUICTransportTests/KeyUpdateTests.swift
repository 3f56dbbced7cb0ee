import QUICTransport
import Testing

@Suite struct KeyUpdateTests {
  @Test func eitherSideChangesTheKeysInTheMiddleOfATransfer() throws {
    let (pair, client, server, recorder) = try Pair.connected(
      try Setups(), conditions: .init(delay: .milliseconds(10), lossProbability: 0.01, bitsPerSecond: 20_000_000))
    let stream = try #require(recorder.send(pattern(3_000_000)))
    var updates = 0
    while !recorder.ended.contains(stream), pair.now < 60_000_000_000 {
      pair.run(for: .milliseconds(300), until: { recorder.ended.contains(stream) })
      let side = updates % 2 == 0 ? client : server
      if side.updateKeys(now: pair.time) { updates += 1 }
    }
    #expect(recorder.holds(pattern(3_000_000), on: stream))
    #expect(updates >= 3)
  }

  @Test func anUpdateIsRefusedWhileOneIsUnderWay() throws {
    let setups = try Setups()
    let (pair, client, _, recorder) = try Pair.connected(setups)
    pair.run(for: .seconds(1))
    #expect(client.updateKeys(now: pair.time))
    recorder.send(pattern(10))
    #expect(!client.updateKeys(now: pair.time))

    let fresh = try pair.connect(try setups.client(StreamRecorder()))
    #expect(!fresh.updateKeys(now: pair.time))
  }
}
