import CSocket
import Events
import LinkEmulator
import NIOCore
import QUICTransport
import Synchronization
import TestCertificates
import Testing

/// RFC 9001 §4.6 between two endpoints: data in the first flight, taken, refused, copied.
@Suite struct EarlyDataTests {
  @Test func anAnswerTakesOneRoundTrip() throws {
    let world = try EarlyWorld()
    let ticket = try world.ticket()
    let (connection, recorder) = try world.resume(ticket)
    let stream = try #require(recorder.send(pattern(300)))
    let begin = world.pair.now
    #expect(world.pair.run(until: { recorder.ended.contains(stream) }))
    #expect(world.pair.now - begin == 20_000_000)
    #expect(recorder.holds(pattern(300), on: stream))
    world.pair.run(for: .seconds(1))
    #expect(connection.earlyData == .accepted)
    #expect(recorder.earlyDecisions == [true])
    #expect(world.serverRecorders.last?.earlyCount == 300)
    let server = try #require(world.pair.server.connections.last)
    #expect(world.pair.server.earlyIdentities(of: server) == ["edge-1.test"])
  }

  /// Each connection brings tickets for the next, with the client's certificate in them.
  @Test func sessionsFollowEachOther() throws {
    let world = try EarlyWorld()
    var ticket = try world.ticket()
    for _ in 0..<4 {
      let (connection, recorder) = try world.resume(ticket)
      let stream = try #require(recorder.send(pattern(10)))
      #expect(world.pair.run(until: { recorder.ended.contains(stream) }))
      world.pair.run(for: .seconds(1))
      #expect(connection.earlyData == .accepted)
      #expect(connection.isResumed)
      ticket = try #require(world.pair.client.ticket(of: connection))
    }
    #expect(world.record.admitted.withLock { $0.count } == 4)
  }

  @Test func aTicketSurvivesSerialization() throws {
    let world = try EarlyWorld()
    let ticket = try #require(SessionTicket(serialized: try world.ticket().serialized))
    let (connection, recorder) = try world.resume(ticket)
    let stream = try #require(recorder.send(pattern(300)))
    #expect(world.pair.run(until: { recorder.ended.contains(stream) }))
    #expect(connection.earlyData == .accepted)
  }

  @Test func damagedTicketsAreNone() throws {
    let bytes = try EarlyWorld().ticket().serialized
    #expect(SessionTicket(serialized: bytes) != nil)
    for count in 0..<bytes.count { #expect(SessionTicket(serialized: Array(bytes[..<count])) == nil) }
    #expect(SessionTicket(serialized: bytes + [0]) == nil)
    #expect(SessionTicket(serialized: Array(repeating: 0, count: SessionTicket.maximumSerializedBytes + 1)) == nil)
  }

  /// Whatever a disk makes of a ticket: GnuTLS, which would trust it, never sees it.
  @Test func ticketsWithFlippedBitsAreNone() throws {
    let bytes = try EarlyWorld().ticket().serialized
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged.flip(bit: bit)
      #expect(SessionTicket(serialized: damaged) == nil)
    }
  }

  @Test func refusedEarlyDataIsBegunAgain() throws {
    let world = try EarlyWorld()
    let ticket = try world.ticket()
    world.setups.antiReplay = nil
    world.pair.server.setup = try world.setups.server { _ in world.makeRecorder() }
    let (connection, recorder) = try world.resume(ticket)
    recorder.onEarlyDecision = { isAccepted in
      guard !isAccepted else { return }
      recorder.send(pattern(5000))
    }
    #expect(recorder.send(pattern(5000)) != nil)
    #expect(world.pair.run(until: { !recorder.ended.isEmpty }))
    #expect(connection.earlyData == .rejected)
    #expect(connection.isResumed)
    #expect(recorder.receivedCount == 5000)
    #expect(world.serverRecorders.last?.receivedCount == 5000)
    #expect(world.serverRecorders.last?.earlyCount == 0)
    #expect(connection.figures.openStreams <= 1)
  }

  /// The server has another ticket key: a full handshake, and the same as above.
  @Test func anUnknownTicketIsRefusedEarlyDataToo() throws {
    let world = try EarlyWorld()
    let ticket = try world.ticket()
    world.setups.ticketKey = Array(repeating: 8, count: 64)
    world.pair.server.setup = try world.setups.server { _ in world.makeRecorder() }
    let (connection, recorder) = try world.resume(ticket)
    recorder.onEarlyDecision = { if !$0 { recorder.send(pattern(900)) } }
    recorder.send(pattern(900))
    #expect(world.pair.run(until: { !recorder.ended.isEmpty }))
    #expect(!connection.isResumed)
    #expect(connection.earlyData == .rejected)
    #expect(world.serverRecorders.last?.receivedCount == 900)
  }

  /// The server has changed its key, and takes tickets under the one before; a third is read in vain.
  @Test(arguments: [false, true])
  func aTicketUnderTheFormerKeyIsTaken(hasOthers: Bool) throws {
    let world = try EarlyWorld()
    let ticket = try world.ticket()
    let former = try #require(world.setups.ticketKey)
    world.setups.ticketKey = Array(repeating: 8, count: 64)
    world.setups.furtherTicketKeys = hasOthers ? [Array(repeating: 7, count: 64), former] : [former]
    world.pair.server.setup = try world.setups.server { _ in world.makeRecorder() }
    let (connection, recorder) = try world.resume(ticket)
    recorder.send(pattern(900))
    #expect(world.pair.run(until: { !recorder.ended.isEmpty }))
    #expect(connection.isResumed)
    #expect(connection.earlyData == .accepted)
    // Nothing is given under it any more.
    world.pair.run(for: .seconds(1))
    #expect(world.pair.client.ticket(of: connection) == nil)
    // Tickets under the present key are taken beside them, and those under none of them cost a full handshake.
    world.setups.furtherTicketKeys = [Array(repeating: 7, count: 64)]
    world.pair.server.setup = try world.setups.server { _ in world.makeRecorder() }
    let (other, _) = try world.resume(ticket)
    #expect(world.pair.run(until: { world.pair.client.isConfirmed(other) }))
    #expect(!other.isResumed)
    let fresh = try #require(world.pair.client.ticket(of: other))
    let (last, _) = try world.resume(fresh)
    #expect(world.pair.run(until: { world.pair.client.isConfirmed(last) }))
    #expect(last.isResumed)
  }

  /// Recorded datagrams of a first flight, sent again from elsewhere.
  @Test func aCopiedFirstFlightIsTakenOnce() throws {
    let world = try EarlyWorld()
    let ticket = try world.ticket()
    var flight: [[UInt8]] = []
    var isFirst = true
    world.pair.filter = { packet in
      if packet.to == .server, isFirst { flight.append(packet.bytes) } else { isFirst = false }
      return true
    }
    let (_, recorder) = try world.resume(ticket)
    let stream = try #require(recorder.send(pattern(300)))
    #expect(world.pair.run(until: { recorder.ended.contains(stream) }))
    world.pair.filter = { _ in true }
    #expect(!flight.isEmpty)
    // The connection would take the copies for its own; a new process does not know it.
    world.pair.server.restart()
    let before = world.serverRecorders.count
    for datagram in flight { world.pair.inject(datagram) }
    world.pair.run(for: .seconds(1))
    #expect(world.serverRecorders.count == before + 1)
    #expect(world.serverRecorders.last?.receivedCount == 0)
    let copy = try #require(world.pair.server.connections.last)
    #expect(world.pair.server.refusedReplays(of: copy) == 1)
  }

  /// For how long a record must remember a flight: a copy names the same age of its ticket whenever it is sent, and is refused by the
  /// server's clock.
  @Test(arguments: [(hours: 1, isTaken: true), (hours: 23, isTaken: true), (hours: 25, isTaken: false)])
  func aFlightIsNotTakenForLongerThanItIsRemembered(hours: Int, isTaken: Bool) throws {
    let world = try EarlyWorld()
    let ticket = try world.ticket()
    var flight: [[UInt8]] = []
    world.pair.filter = { packet in
      if packet.to == .server { flight.append(packet.bytes) }
      return false
    }
    let (_, recorder) = try world.resume(ticket)
    recorder.send(pattern(300))
    world.pair.run(for: .milliseconds(10))
    #expect(!flight.isEmpty)
    try atTime(Setups.unixTime + Int64(hours * 3600)) {
      for datagram in flight { world.pair.inject(datagram) }
    }
    #expect(world.record.admitted.withLock { $0.count } == (isTaken ? 1 : 0))
  }

  /// The record says that it remembers what an earlier process has taken.
  @Test func aRecordThatBeganEarlierLetsOlderTicketsIn() throws {
    let world = try EarlyWorld()
    let ticket = try world.ticket()
    let later = try AntiReplay(record: Record(beganAt: Setups.unixTime - 60))
    try #require(later.coversEarlierTickets)
    world.setups.antiReplay = later
    world.pair.server.setup = try world.setups.server { _ in world.makeRecorder() }
    let (connection, recorder) = try world.resume(ticket)
    recorder.send(pattern(10))
    #expect(world.pair.run(until: { !recorder.ended.isEmpty }))
    #expect(connection.earlyData == .accepted)
  }

  @Test func aRecordThatBeganLaterKeepsOlderTicketsOut() throws {
    let world = try EarlyWorld()
    let ticket = try world.ticket()
    world.setups.antiReplay = try AntiReplay(record: Record(beganAt: Setups.unixTime + 60))
    world.pair.server.setup = try world.setups.server { _ in world.makeRecorder() }
    let (connection, recorder) = try world.resume(ticket)
    recorder.onEarlyDecision = { if !$0 { recorder.send(pattern(10)) } }
    recorder.send(pattern(10))
    #expect(world.pair.run(until: { !recorder.ended.isEmpty }))
    #expect(connection.earlyData == .rejected)
    let server = try #require(world.pair.server.connections.last)
    #expect(world.pair.server.events(of: server).contains { if case .earlyDataRefused(.untimely) = $0 { true } else { false } })
  }

  /// The ticket is good, but the certificate in it is not any more.
  @Test func aRevokedClientIsNotServedEarly() throws {
    let world = try EarlyWorld()
    let ticket = try world.ticket()
    world.setups.isRevoked = { $0.dnsNames == ["edge-1.test"] && !$0.serialNumber.isEmpty }
    world.pair.server.setup = try world.setups.server { _ in world.makeRecorder() }
    let before = world.serverRecorders.count
    let (connection, recorder) = try world.resume(ticket)
    recorder.send(pattern(10))
    world.pair.run(for: .seconds(5), until: { world.pair.client.closure(of: connection) != nil })
    #expect(world.pair.client.closure(of: connection)?.cause == .handshake(.refusedByPeer))
    #expect(world.serverRecorders[before...].allSatisfy { $0.receivedCount == 0 })
  }

  /// RFC 9000 §7.4.1: a server that takes early data must not lower its limits.
  @Test func loweredLimitsEndTheConnection() throws {
    let world = try EarlyWorld()
    let ticket = try world.ticket()
    world.setups.connection.bidirectionalStreamLimit = 1
    world.pair.server.setup = try world.setups.server { _ in world.makeRecorder() }
    let (connection, recorder) = try world.resume(ticket)
    recorder.send(pattern(10))
    recorder.send(pattern(10))
    world.pair.run(for: .seconds(5), until: { world.pair.client.closure(of: connection) != nil })
    #expect(world.pair.client.closure(of: connection) != nil)
  }

  /// The server wants the client's address validated first (RFC 9000 §8.1.2): the first flight is sent again with the token.
  @Test func earlyDataOutlivesARetry() throws {
    let world = try EarlyWorld(configure: { $0.retryThreshold = 0 })
    let ticket = try world.ticket()
    let (connection, recorder) = try world.resume(ticket)
    let streams = (0..<3).compactMap { _ in recorder.send(pattern(700)) }
    let begin = world.pair.now
    #expect(world.pair.run(until: { streams.allSatisfy(recorder.ended.contains) }))
    #expect(world.pair.now - begin < 80_000_000)
    #expect(connection.earlyData == .accepted)
    #expect(recorder.receivedCount == 2100)
  }

  @Test(arguments: 1...20)
  func lossyLinksChangeNothing(seed: UInt64) throws {
    let world = try EarlyWorld(conditions: LinkConditions(delay: .milliseconds(20), lossProbability: 0.2), seed: seed)
    let ticket = try world.ticket()
    let (_, recorder) = try world.resume(ticket)
    recorder.onEarlyDecision = { if !$0 { recorder.send(pattern(3000)) } }
    recorder.send(pattern(3000))
    #expect(world.pair.run(until: { !recorder.ended.isEmpty }), "seed \(seed)")
    #expect(recorder.receivedCount == 3000)
  }
}

/// A pair whose server takes early data and echoes.
private final class EarlyWorld {
  let pair: Pair
  var setups: Setups
  let record = Record(beganAt: nil)
  private(set) var serverRecorders: [StreamRecorder] = []

  init(
    conditions: LinkConditions = LinkConditions(delay: .milliseconds(10)), seed: UInt64 = 1,
    configure: (inout EndpointConfiguration) -> Void = { _ in }
  ) throws {
    setups = try Setups()
    setups.ticketKey = Array(repeating: 9, count: 64)
    setups.antiReplay = try AntiReplay(record: record)
    pair = Pair(conditions: conditions, seed: seed, configure: configure)
    pair.server.setup = try setups.server { [unowned self] _ in makeRecorder() }
  }

  func makeRecorder() -> StreamRecorder {
    let recorder = StreamRecorder()
    recorder.echoes = true
    serverRecorders.append(recorder)
    return recorder
  }

  /// A ticket of a first, full handshake.
  func ticket() throws -> SessionTicket {
    let connection = try pair.connect(try setups.client(StreamRecorder()))
    pair.run(until: { pair.client.ticket(of: connection) != nil })
    let ticket = try #require(pair.client.ticket(of: connection))
    #expect(connection.earlyData == .none)
    return ticket
  }

  func resume(_ ticket: SessionTicket) throws -> (Connection, StreamRecorder) {
    let recorder = StreamRecorder()
    var setup = try setups.client(recorder, ticket: ticket)
    setup.usesEarlyData = true
    return (try pair.connect(setup), recorder)
  }
}

/// Runs `body` at another time of GnuTLS's clock.
private func atTime(_ unixTime: Int64, _ body: @escaping () -> Void) throws {
  let work = Work(body)
  let isInstalled = csocket_with_gnutls_time(
    unixTime, { Unmanaged<Work>.fromOpaque($0!).takeUnretainedValue().body() }, Unmanaged.passUnretained(work).toOpaque())
  try #require(isInstalled)
}

private final class Work {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
}

/// A record in memory.
final class Record: ReplayRecord {
  let beganAt: Int64?
  let admitted = Mutex<Set<FlightIdentifier>>([])

  init(beganAt: Int64?) {
    self.beganAt = beganAt
  }

  func admit(_ flight: FlightIdentifier, unixTime: Int64) -> FlightVerdict {
    admitted.withLock { $0.insert(flight).inserted } ? .new : .seen
  }
}
