import Events
import Foundation
@testable import Network
import QUICTransport
import TestCertificates
import Testing

@Suite struct `The tickets of a core` {
  @Test func `the newest is used, and is there until it is spent`() throws {
    var shelf = TicketShelf()
    let tickets = try (0..<3).map { try ticket($0) }
    for ticket in tickets { shelf.add(ticket, unixTime: 1000) }
    #expect(shelf.newest(unixTime: 1001) == tickets[2])
    #expect(shelf.newest(unixTime: 1001) == tickets[2])
    let spent = [shelf.spend(tickets[2]), shelf.spend(tickets[2])]
    #expect(spent == [true, false])
    #expect(shelf.newest(unixTime: 1001) == tickets[1])
  }

  @Test func `there are never more than a few`() throws {
    var shelf = TicketShelf()
    for number in 0..<100 { shelf.add(try ticket(number), unixTime: 1000) }
    #expect(shelf.tickets.count == TicketShelf.capacity)
    #expect(shelf.newest(unixTime: 1000) == (try ticket(99)))
  }

  @Test func `an old one is dropped, and so is one from the future`() throws {
    var shelf = TicketShelf()
    shelf.add(try ticket(1), unixTime: 1000)
    #expect(shelf.newest(unixTime: 1000 + Int64(TicketLifetime.seconds) - 61) != nil)
    #expect(shelf.newest(unixTime: 1000 + Int64(TicketLifetime.seconds) - 60) == nil)
    shelf.add(try ticket(1), unixTime: 1000)
    #expect(shelf.newest(unixTime: 999) == nil)
  }

  @Test func `one whose core's certificate has expired is dropped`() throws {
    var shelf = TicketShelf()
    shelf.add(try ticket(1, expiry: 1500), unixTime: 1000)
    #expect(shelf.newest(unixTime: 1499) != nil)
    #expect(shelf.newest(unixTime: 1500) == nil)
  }

  @Test func `they come back from bytes, and from no damaged ones`() throws {
    var shelf = TicketShelf()
    for number in 0..<3 { shelf.add(try ticket(number), unixTime: 1000 + Int64(number)) }
    let bytes = shelf.serialized(fingerprint: 5)
    #expect(try TicketShelf(serialized: bytes, fingerprint: 5) == shelf)
    #expect(throws: TicketShelf.Unreadable.otherTrust) { try TicketShelf(serialized: bytes, fingerprint: 6) }
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0x20
      #expect(throws: TicketShelf.Unreadable.self) { try TicketShelf(serialized: damaged, fingerprint: 5) }
      #expect(throws: TicketShelf.Unreadable.self) { try TicketShelf(serialized: Array(bytes[..<index]), fingerprint: 5) }
    }
  }

  @Test func `a folder that is gone costs a line in the log and nothing else`() throws {
    let tls = try context()
    let log = Log()
    let store = TicketStore(
      core: CoreName(host: "core", port: 1), protocolName: "h3", identity: "edge", folder: "/nonexistent", events: log, unixTime: { 1000 })
    #expect(store.newest(under: tls) == nil)
    store.add(try ticket(1), under: tls)
    #expect(store.newest(under: tls) == (try ticket(1)))
    #expect(log.count == 1)
  }

  @Test func `another certificate or CA file drops them`() throws {
    let store = TicketStore(
      core: CoreName(host: "core", port: 1), protocolName: "h3", identity: "edge", folder: nil, events: Log(), unixTime: { 1000 })
    let (first, second) = (try context(), try context())
    store.add(try ticket(1), under: first)
    #expect(store.newest(under: first) != nil)
    #expect(store.newest(under: second) == nil)
    #expect(store.newest(under: first) == nil)
  }

  private final class Log: EventSink {
    private(set) var count = 0
    func record(_ event: Event) { count += 1 }
  }

  private func context() throws -> TLSContext {
    let authority = try TestAuthority()
    let leaf = try authority.client("edge")
    return try TLSContext(
      TLSConfiguration(role: .client, certificateChain: leaf.certificate, privateKey: leaf.key, trustedAuthorities: authority.pem),
      unixTime: Int64(Date().timeIntervalSince1970))
  }

  /// As `SessionTicket.serialized` writes it.
  private func ticket(_ number: Int, expiry: UInt64 = 1 << 40) throws -> SessionTicket {
    func bytes(_ value: UInt64, _ count: Int) -> [UInt8] { (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let limits = (0..<8).flatMap { _ in bytes(100, 8) }
    let body = bytes(2, 4) + Array("h3".utf8) + bytes(expiry, 8) + limits + bytes(8, 4) + bytes(UInt64(number), 8)
    let sum = body.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return try #require(SessionTicket(serialized: Array("quicgw ticket 1\n".utf8) + bytes(sum, 8) + body))
  }
}
