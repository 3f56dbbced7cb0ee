import Events
import Foundation
@testable import Network
@testable import QUICTransport
import TestCertificates
import Testing

@Suite struct `The tickets of a core` {
  @Test func `the newest is used, and is there until it is spent`() throws {
    var shelf = TicketShelf()
    let tickets = try (0..<3).map { try ticket($0) }
    for ticket in tickets { shelf.add(ticket, sessionBegan: 1000) }
    #expect(shelf.newestTicket(unixTime: 1001) == tickets[2])
    #expect(shelf.newestTicket(unixTime: 1001) == tickets[2])
    let spent = [shelf.spend(tickets[2]), shelf.spend(tickets[2])]
    #expect(spent == [true, false])
    #expect(shelf.newestTicket(unixTime: 1001) == tickets[1])
  }

  @Test func `there are never more than a few`() throws {
    var shelf = TicketShelf()
    for number in 0..<100 { shelf.add(try ticket(number), sessionBegan: 1000) }
    #expect(shelf.tickets.count == TicketShelf.capacity)
    #expect(shelf.newestTicket(unixTime: 1000) == (try ticket(99)))
  }

  @Test func `an old one is dropped, and so is one from the future`() throws {
    var shelf = TicketShelf()
    shelf.add(try ticket(1), sessionBegan: 1000)
    #expect(shelf.newest(unixTime: 1000 + Int64(TicketLifetime.seconds) - 61) != nil)
    #expect(shelf.newest(unixTime: 1000 + Int64(TicketLifetime.seconds) - 60) == nil)
    shelf.add(try ticket(1), sessionBegan: 1000)
    #expect(shelf.newest(unixTime: 999) == nil)
  }

  @Test func `one whose core's certificate has expired is dropped`() throws {
    var shelf = TicketShelf()
    shelf.add(try ticket(1, expiry: 1500), sessionBegan: 1000)
    #expect(shelf.newest(unixTime: 1499) != nil)
    #expect(shelf.newest(unixTime: 1500) == nil)
  }

  @Test func `they come back from bytes, and from no damaged ones`() throws {
    var shelf = TicketShelf()
    for number in 0..<3 { shelf.add(try ticket(number), sessionBegan: 1000 + Int64(number)) }
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
    store.add(try ticket(1), sessionBegan: nil, under: tls)
    #expect(store.newest(under: tls)?.ticket == (try ticket(1)))
    #expect(log.count == 1)
  }

  @Test func `another certificate or CA file drops them`() throws {
    let store = TicketStore(
      core: CoreName(host: "core", port: 1), protocolName: "h3", identity: "edge", folder: nil, events: Log(), unixTime: { 1000 })
    let (first, second) = (try context(), try context())
    store.add(try ticket(1), sessionBegan: nil, under: first)
    #expect(store.newest(under: first) != nil)
    #expect(store.newest(under: second) == nil)
    #expect(store.newest(under: first) == nil)
  }

  @Test func `what is of no use any more does not stay on disk`() throws {
    let folder = NSTemporaryDirectory() + "quicgw-tickets-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func store(at unixTime: Int64) -> TicketStore {
      TicketStore(
        core: CoreName(host: "core", port: 1), protocolName: "h3", identity: "edge", folder: folder, events: Log(), unixTime: { unixTime })
    }
    func fileSize() throws -> Int { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/edge+core_1+h3.tickets")).count }
    let (first, second) = (try context(), try context())
    store(at: 1000).add(try ticket(1), sessionBegan: nil, under: first)
    let full = try fileSize()
    // A start after the core would take it no more.
    #expect(store(at: 1000 + Int64(TicketLifetime.seconds)).newest(under: first) == nil)
    let empty = try fileSize()
    #expect(empty < full)
    store(at: 1000).add(try ticket(1), sessionBegan: nil, under: first)
    #expect(try fileSize() == full)
    // A start with another certificate, and a change while it runs.
    #expect(store(at: 1000).newest(under: second) == nil)
    #expect(try fileSize() == empty)
    let last = store(at: 1000)
    last.add(try ticket(1), sessionBegan: nil, under: first)
    #expect(last.newest(under: second) == nil)
    #expect(try fileSize() == empty)
  }

  @Test func `a resumed session's tickets are as old as its full handshake`() throws {
    let tls = try context()
    var now: Int64 = 1000
    let store = TicketStore(
      core: CoreName(host: "core", port: 1), protocolName: "h3", identity: "edge", folder: nil, events: Log(), unixTime: { now })
    store.add(try ticket(1), sessionBegan: nil, under: tls)
    now += 3000
    store.add(try ticket(2), sessionBegan: 1000, under: tls)
    #expect(store.newest(under: tls)?.sessionBegan == 1000)
    #expect(store.age(ofSessionSince: 1000) == .seconds(3000))
    now = 1000 + Int64(TicketLifetime.seconds)
    #expect(store.newest(under: tls) == nil)
  }

  /// RFC 8446 §C.4 wants a ticket to be used once; an attempt that the core's TLS never saw has not used it.
  @Test func `a ticket is kept after attempts that nobody has answered`() {
    func closure(_ failure: HandshakeFailure, code: UInt64? = nil) -> ConnectionClosure {
      ConnectionClosure(cause: .handshake(failure), code: code.map { .transport($0) }, reason: "")
    }
    for unused in [closure(.timedOut), closure(.abandoned), closure(.refusedByPeer, code: 0x2), closure(.refusedByPeer, code: 0xb)] {
      #expect(unused.leavesTicketUnused)
    }
    #expect(ConnectionClosure(cause: .end(.closedByUs), code: .application(0x100), reason: "another was faster").leavesTicketUnused)
    // A core that cannot do anything with it would be asked the same for ever.
    for used in [closure(.refusedByPeer, code: 0x12f), closure(.protocolViolation, code: 0xa), closure(.noIdentity)] {
      #expect(!used.leavesTicketUnused)
    }
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

extension TicketShelf {
  fileprivate mutating func newestTicket(unixTime: Int64) -> SessionTicket? { newest(unixTime: unixTime)?.ticket }
}
