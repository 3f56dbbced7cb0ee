import HTTP3
import HTTPMessage
import LinkEmulator
import NIOCore
import QUICTransport
import Testing

/// A resumed reversed connection: the client of QUIC, which is the server of HTTP, says in its first flight what may be asked of
/// it.
@Suite("Early data on a reversed connection") struct ReversedEarlyDataTests {
  @Test("a client of QUIC can be asked half a round trip after its first datagram, and answers another one later")
  func callable() throws {
    let (pair, antiReplay) = try QUICSessionPair.withTicket(isReversed: true)
    try pair.resume(antiReplay: antiReplay)
    let begin = pair.virtualTime
    pair.extensions.server.send(ByteBuffer(string: "announcement"))
    let server = pair.server
    pair.onRequest = { stream, _ in server.submitResponse(ResponseHead(status: 204), on: stream) }
    var told: (at: UInt64, bytes: ByteBuffer)?
    var request: HTTP3Stream?
    pair.onTurn = { [unowned pair] in
      if let bytes = pair.extensions.client.takeReceived() { told = (pair.virtualTime, bytes) }
      if told != nil, pair.earlyDataTakenAt != nil, request == nil { request = pair.client.submitRequest(.get("/early")) }
    }
    #expect(pair.run { request != nil })
    #expect(told?.bytes == ByteBuffer(string: "announcement"))
    // 10 ms each way.
    #expect(told?.at == begin + 10_000_000)
    #expect(pair.earlyDataTakenAt == begin + 10_000_000)
    #expect(pair.run { pair.clientLog[request].isComplete })
    #expect(pair.virtualTime == begin + 30_000_000)
    #expect(pair.closures == [])
  }

  @Test("an announcement in early data that is refused is sent again whole", arguments: [UInt64](1...5))
  func refused(seed: UInt64) throws {
    let conditions = LinkConditions(delay: .milliseconds(10), lossProbability: seed == 1 ? 0 : 0.1)
    let (pair, _) = try QUICSessionPair.withTicket(isReversed: true, conditions: conditions, seed: seed)
    try pair.resume(antiReplay: nil)
    let parts = (0..<4).map { pattern(700, seed: UInt64($0)) }
    let begin = pair.virtualTime
    pair.extensions.server.send(ByteBuffer(bytes: parts[0] + parts[1]))
    var told: [UInt8] = []
    pair.onTurn = { [unowned pair] in
      if let bytes = pair.extensions.client.takeReceived() { told += bytes.readableBytesView }
    }
    #expect(pair.run { told.count >= 1400 })
    // It leaves with the last flight of the handshake, as soon as the pacer lets two datagrams go.
    if seed == 1 { #expect(pair.virtualTime < begin + 40_000_000) }
    pair.extensions.server.send(ByteBuffer(bytes: parts[2] + parts[3]))
    #expect(pair.run { told.count >= 2800 })
    #expect(told == parts.flatMap { $0 })
    #expect(pair.earlyDataTakenAt == nil)
    let server = pair.server
    pair.onRequest = { stream, _ in server.submitResponse(ResponseHead(status: 204), on: stream) }
    let request = try #require(pair.client.submitRequest(.get("/later")))
    #expect(pair.run { pair.clientLog[request].isComplete })
    #expect(pair.closures == [])
  }
}
