import Events
import Foundation
import HTTP3
import HTTPMessage
import LinkEmulator
import NIOCore
import QUICTransport
import TestCertificates
import Testing

/// Two sessions on the ends of a real QUIC connection over an emulated link, in virtual time.
final class QUICSessionPair {
  private(set) var client: HTTP3Session
  private(set) var server: HTTP3Session
  private(set) var clientLog = SessionLog()
  private(set) var serverLog = SessionLog()
  /// What the ends tell each other besides requests.
  private(set) var extensions: (client: HTTP3ExtensionStream, server: HTTP3ExtensionStream)
  /// When the server of QUIC has learned who its client is, before the handshake was complete.
  var earlyDataTakenAt: UInt64? { far.earlyDataTakenAt }
  var onRequest: (HTTP3Stream, RequestHead) -> Void = { _, _ in }
  var onRequestEnd: (HTTP3Stream) -> Void = { _ in }

  /// What an owner does behind the events of both ends.
  var onTurn: () -> Void = {}

  private let isReversed: Bool
  private let name: [UInt8]
  private let makeContext: (TLSConfiguration.Role, AntiReplay?) throws -> TLSContext
  private let near: End
  private let far: End
  private var link: Link<Datagram>
  private var now: UInt64 = 1_000_000_000
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Burst.maximumByteCount, alignment: 16)

  /// - Parameter isReversed: the HTTP client is the QUIC server.
  init(isReversed: Bool, conditions: LinkConditions, seed: UInt64, transport: ConnectionConfiguration = .defaults) throws {
    self.isReversed = isReversed
    client = HTTP3Session(role: .client)
    server = HTTP3Session(role: .server)
    extensions = (HTTP3ExtensionStream(.test, beside: client), HTTP3ExtensionStream(.test, beside: server))
    let (dialing, accepting) = isReversed ? (extensions.server, extensions.client) : (extensions.client, extensions.server)
    let authority = try TestAuthority()
    let serverLeaf = try authority.server("core.test")
    let clientLeaf = try authority.client("edge-1.test")
    let unixTime = Int64(Date().timeIntervalSince1970)
    // The bytes of draft-thomson-ptth-potato, or h3.
    name = isReversed ? [0xc6, 0x90, 0xc9, 0xa5] : Array("h3".utf8)
    makeContext = { role, antiReplay in
      let leaf = role == .client ? clientLeaf : serverLeaf
      var configuration = TLSConfiguration(
        role: role, certificateChain: leaf.certificate, privateKey: leaf.key, trustedAuthorities: authority.pem)
      configuration.ticketKey = role == .server ? Array(repeating: 3, count: 64) : nil
      configuration.antiReplay = antiReplay
      return try TLSContext(configuration, unixTime: unixTime)
    }
    link = Link(conditions, seed: seed)
    near = End(address: Address(ipAddress: "192.0.2.1", port: 40_000)!, seed: seed &+ 1)
    far = End(address: Address(ipAddress: "198.51.100.1", port: 4433)!, seed: seed &+ 2)
    far.setup = ServerSetup(
      tls: try makeContext(.server, nil), connection: transport,
      applications: [ApplicationProtocol(name: name) { _ in accepting }])
    near.onTurn = { [unowned self] in onTurn() }
    far.onTurn = { [unowned self] in onTurn() }
    _ = try near.endpoint.connect(
      ClientSetup(
        tls: try makeContext(.client, nil), connection: transport,
        applications: [ApplicationProtocol(name: name) { _ in dialing }], serverName: "core.test"),
      path: NetworkPath(local: near.address, remote: far.address), now: .uptimeNanoseconds(now))
  }

  /// Begins a second connection under a ticket of the first, in sessions of its own, and sends early data in it.
  /// - Parameters:
  ///   - antiReplay: takes early data; nil refuses it.
  ///   - transport: what the server allows this time.
  func resume(antiReplay: AntiReplay?, transport: ConnectionConfiguration = .defaults) throws {
    let ticket = try #require(near.tickets.last)
    let (client, server) = (HTTP3Session(role: .client), HTTP3Session(role: .server))
    (self.client, self.server, clientLog, serverLog) = (client, server, SessionLog(), SessionLog())
    extensions = (HTTP3ExtensionStream(.test, beside: client), HTTP3ExtensionStream(.test, beside: server))
    let (dialing, accepting) = isReversed ? (extensions.server, extensions.client) : (extensions.client, extensions.server)
    far.setup = ServerSetup(
      tls: try makeContext(.server, antiReplay), connection: transport,
      applications: [ApplicationProtocol(name: name) { _ in accepting }])
    _ = try near.endpoint.connect(
      ClientSetup(
        tls: try makeContext(.client, nil),
        applications: [ApplicationProtocol(name: name) { _ in dialing }], serverName: "core.test", ticket: ticket,
        usesEarlyData: true),
      path: NetworkPath(local: near.address, remote: far.address), now: .uptimeNanoseconds(now))
  }

  /// A server that takes early data, for connections that get tickets.
  func takeEarlyData(_ antiReplay: AntiReplay) throws {
    let accepting = isReversed ? extensions.client : extensions.server
    far.setup = ServerSetup(
      tls: try makeContext(.server, antiReplay), applications: [ApplicationProtocol(name: name) { _ in accepting }])
  }

  var ticketCount: Int { near.tickets.count }
  var virtualTime: UInt64 { now }

  deinit {
    buffer.deallocate()
  }

  /// Runs until the condition holds; false when a minute of virtual time was not enough.
  func run(for limit: Duration = .seconds(60), until condition: () -> Bool) -> Bool {
    let end = now + UInt64(limit.components.seconds) * 1_000_000_000
    turn()
    while !condition() {
      let times = [link.nextArrival, near.endpoint.deadline?.uptimeNanoseconds, far.endpoint.deadline?.uptimeNanoseconds]
      guard let next = times.compactMap({ $0 }).min(), next <= end else { return false }
      now = max(now, next)
      turn()
    }
    return true
  }

  var closures: [String] { near.closures + far.closures }

  private func turn() {
    while let datagram = link.forward.receive(at: now) { far.receive(datagram, at: now) }
    while let datagram = link.backward.receive(at: now) { near.receive(datagram, at: now) }
    for end in [near, far] {
      if let deadline = end.endpoint.deadline, deadline.uptimeNanoseconds <= now {
        end.endpoint.handleTimeout(now: .uptimeNanoseconds(now))
      }
      var rounds = 0
      while end.endpoint.needsService, rounds < 64 {
        rounds += 1
        end.endpoint.service(now: .uptimeNanoseconds(now)) { connection in
          end.collect(connection, at: now)
          drain()
          end.onTurn()
          while let burst = connection.nextBurst(into: buffer, now: .uptimeNanoseconds(now)) { send(burst, from: end) }
          drain()
        }
      }
    }
  }

  private func drain() {
    while let event = server.nextEvent() {
      serverLog.record(event, on: server)
      if case .request(let stream, let head, _) = event { onRequest(stream, head) }
      if case .end(let stream, _) = event { onRequestEnd(stream) }
    }
    while let event = client.nextEvent() { clientLog.record(event, on: client) }
  }

  private func send(_ burst: Burst, from end: End) {
    var offset = 0
    while offset < burst.byteCount {
      let count = min(burst.segmentSize, burst.byteCount - offset)
      let bytes = Array(UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count]))
      offset += count
      let datagram = Datagram(bytes: bytes, from: burst.path.local, to: burst.path.remote, ecn: burst.ecn)
      if end === near { link.forward.send(datagram, at: now) } else { link.backward.send(datagram, at: now) }
    }
  }
}

/// One end's endpoint and who owns it.
private final class End: EndpointOwner {
  let address: Address
  private(set) var endpoint: Endpoint!
  var setup: ServerSetup?
  private(set) var closures: [String] = []
  private(set) var tickets: [SessionTicket] = []
  private(set) var earlyDataTakenAt: UInt64?
  var onTurn: () -> Void = {}

  init(address: Address, seed: UInt64) {
    self.address = address
    endpoint = Endpoint(
      configuration: EndpointConfiguration(secret: Array(repeating: 7, count: 32), stableName: "test"), owner: self,
      random: SeededGenerator(seed: seed))
  }

  func accept(_ incoming: IncomingConnection) -> ServerSetup? { setup }
  func endpointNeedsService() {}
  func refused(_ cause: DatagramRefusal, from remote: Address) {}

  func receive(_ datagram: Datagram, at now: UInt64) {
    datagram.bytes.withUnsafeBytes {
      endpoint.receive(
        $0, path: NetworkPath(local: address, remote: datagram.from), ecn: datagram.ecn, now: .uptimeNanoseconds(now))
    }
  }

  func collect(_ connection: Connection, at now: UInt64) {
    while let event = connection.nextEvent() {
      if case .closed(let closure) = event { closures.append(closure.reason) }
      if case .sessionTicket(let ticket) = event { tickets.append(ticket) }
      if case .earlyDataTaken = event { earlyDataTakenAt = now }
    }
  }
}

private struct Datagram: LinkDatagram {
  var bytes: [UInt8]
  var from: Address
  var to: Address
  var ecn: ECNCodepoint

  var byteCount: Int { bytes.count }
  mutating func flip(bit: Int) { bytes[bit / 8] ^= 1 << (bit % 8) }
}
