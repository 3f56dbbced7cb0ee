import Events
import LinkEmulator
import QUICTransport
import Testing

/// A NAT moves the client of a download over a link that loses, and swallows all that is under way.
@Suite struct SwallowedTests {
  private let port = Address(ipAddress: Address.client.host, port: 2)!

  /// Two round trips pass until the loss is proven; what fills the first gap comes with PATH_CHALLENGE, after one.
  @Test func aReaderWaitsForOneRoundTrip() throws {
    let stalls = try (1...7).map { try stall(seed: $0) }.sorted()
    #expect(stalls[3] < 400_000_000, "\(stalls)")
    #expect(stalls[6] < 700_000_000, "\(stalls)")
  }

  @Test func withoutTheShieldNothingIsSentTwice() throws {
    let download = try Download(seed: 1, mode: .off)
    download.pair.clientAddressSeen = port
    #expect(download.pair.run(until: { download.recorder.receivedCount == Download.content.count }))
    #expect(download.server.figures.copiesSent == 0)
  }

  /// RFC 9000 §8: three times what came from an address, copies included, until its owner has proved that it is his.
  @Test(arguments: 1...5) func theNewAddressGetsNoMoreThanItMay(seed: UInt64) throws {
    let download = try Download(seed: seed, mode: .auto)
    var received = 0
    var sent = 0
    var isValidated = false
    download.pair.clientAddressSeen = port
    // The client's answers to PATH_CHALLENGE are not let through, so that the address stays in doubt.
    download.pair.filter = { [port] packet in
      if packet.from == port {
        guard received < 4 * 1200 else { return false }
        received += packet.bytes.count
      } else if packet.to == port, !isValidated {
        sent += packet.bytes.count
        #expect(sent <= 3 * received)
      }
      return true
    }
    download.pair.run(for: .milliseconds(800)) {
      isValidated = isValidated || !download.pair.server.migrations(of: download.server).isEmpty
      return isValidated
    }
    #expect(sent > 2 * 1200)
  }

  /// The client waits and says no more. What is left of what may be sent to it then has to do for another PATH_CHALLENGE.
  @Test(arguments: 1...3) func anAddressIsValidatedAlthoughTheFirstChallengesWereLost(seed: UInt64) throws {
    let download = try Download(seed: seed, mode: .auto)
    let pair = download.pair
    pair.clientAddressSeen = port
    let passable = pair.now + 600_000_000
    pair.filter = { [port] packet in packet.to != port || pair.now > passable }
    #expect(pair.run(for: .seconds(20), until: { !pair.server.migrations(of: download.server).isEmpty }))
    try finish(download)
  }

  private func stall(seed: UInt64) throws -> UInt64 {
    let download = try Download(seed: seed, mode: .auto)
    download.pair.clientAddressSeen = port
    let begin = download.pair.now
    let count = download.recorder.receivedCount
    #expect(download.pair.run(for: .seconds(5), until: { download.recorder.receivedCount > count }))
    let stall = download.pair.now - begin
    try finish(download)
    return stall
  }

  private func finish(_ download: Download) throws {
    #expect(download.pair.run(until: { download.recorder.receivedCount == Download.content.count }))
    let isWhole = download.recorder.holds(Download.content, on: StreamID(rawValue: 0))
    #expect(isWhole)
    #expect(download.pair.client.closure(of: download.client) == nil)
  }
}

/// A download in full swing: more than a round trip's worth is still to come.
private struct Download {
  static let content = pattern(12_000_000)
  let pair: Pair
  let client: Connection
  let server: Connection
  let recorder = StreamRecorder()

  init(seed: UInt64, mode: ShieldMode) throws {
    var setups = try Setups()
    setups.connection.congestionControl = .bbr2
    setups.connection.shield = mode
    setups.clientConnection.shield = mode
    setups.clientConnection.bidirectionalStreamWindowBytes = 8 << 20
    setups.clientConnection.connectionWindowBytes = 8 << 20
    pair = Pair(conditions: LinkConditions(delay: .milliseconds(100), lossProbability: 0.05, bitsPerSecond: 60_000_000), seed: seed)
    let source = StreamRecorder()
    pair.server.setup = try setups.server { _ in source }
    client = try pair.connect(try setups.client(recorder))
    let (pair, client, recorder) = (pair, client, recorder)
    #expect(pair.run(until: { pair.client.isConfirmed(client) }))
    recorder.send([1])
    #expect(pair.run(until: { source.ended.contains(StreamID(rawValue: 0)) }))
    source.append(Self.content, to: StreamID(rawValue: 0), isFinal: true)
    #expect(pair.run(until: { recorder.receivedCount > 5_000_000 }))
    server = try #require(pair.server.connections.first)
  }
}
