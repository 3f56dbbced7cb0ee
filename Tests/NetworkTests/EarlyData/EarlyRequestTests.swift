import Exchange
import Foundation
import Gateway
import HTTPMessage
import NIOCore
@testable import Network
import Observability
import QUICTransport
import Synchronization
import TestCertificates
import Testing

/// Edge, relay, core and origin on loopback sockets; the edge and the core are restarted.
@Suite(.alone) struct `Requests in early data` {
  @Test func `a restarted edge sends its first request with its first flight`() async throws {
    let place = try await EarlyPlace.start()
    #expect(try await place.firstRequestOfNewEdge() == [nil])
    #expect(try await place.firstRequestOfNewEdge() == ["1"])
    // Each connection has brought tickets for the next.
    #expect(try await place.firstRequestOfNewEdge() == ["1"])
    try await place.stop()
  }

  @Test func `tickets are for their owner's eyes`() async throws {
    let place = try await EarlyPlace.start()
    _ = try await place.firstRequestOfNewEdge()
    let files = try FileManager.default.contentsOfDirectory(atPath: place.folder).filter { $0.hasSuffix(".tickets") }
    #expect(files.count == 1)
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(place.folder)/\(files[0])")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    try await place.stop()
  }

  @Test func `a request that must not be processed twice waits for the handshake`() async throws {
    let place = try await EarlyPlace.start()
    _ = try await place.firstRequestOfNewEdge()
    #expect(try await place.firstRequestOfNewEdge(method: "POST") == [nil])
    try await place.stop()
  }

  @Test func `an origin that says 425 gets the request again without its client noticing`() async throws {
    let place = try await EarlyPlace.start(refusesEarly: true)
    _ = try await place.firstRequestOfNewEdge()
    #expect(try await place.firstRequestOfNewEdge() == ["1", nil])
    try await place.stop()
  }

  @Test func `a client that speaks of early data itself gets the 425`() async throws {
    let place = try await EarlyPlace.start(refusesEarly: true)
    _ = try await place.firstRequestOfNewEdge()
    #expect(try await place.firstRequestOfNewEdge(fields: ["early-data": "1"], expecting: 425) == ["1"])
    try await place.stop()
  }

  @Test func `a core that was restarted with its record takes early data`() async throws {
    let place = try await EarlyPlace.start()
    // The record answers for tickets from its second second on.
    try await Task.sleep(for: .milliseconds(1100))
    _ = try await place.firstRequestOfNewEdge()
    try await place.restartCore()
    #expect(try await place.firstRequestOfNewEdge() == ["1"])
    try await place.stop()
  }

  @Test func `a core that was restarted without its record takes early data of later tickets only`() async throws {
    let place = try await EarlyPlace.start()
    _ = try await place.firstRequestOfNewEdge()
    try FileManager.default.removeItem(atPath: place.record)
    // A record that begins in the same second as a ticket does not answer for it.
    try await Task.sleep(for: .seconds(1))
    try await place.restartCore()
    #expect(try await place.firstRequestOfNewEdge() == [nil])
    #expect(try await place.firstRequestOfNewEdge() == ["1"])
    try await place.stop()
  }

  @Test func `a core with another ticket key gets the request after a full handshake`() async throws {
    let place = try await EarlyPlace.start()
    _ = try await place.firstRequestOfNewEdge()
    try await place.restartCore(ticketKey: 5)
    #expect(try await place.firstRequestOfNewEdge() == [nil])
    try await place.stop()
  }

  @Test func `a core that takes nothing while it ends costs no tickets`() async throws {
    let place = try await EarlyPlace.start()
    try await Task.sleep(for: .milliseconds(1100))
    _ = try await place.firstRequestOfNewEdge()
    place.refuse()
    try await place.runEdge(for: .seconds(2))
    try await place.restartCore()
    #expect(try await place.firstRequestOfNewEdge() == ["1"])
    try await place.stop()
  }

  @Test func `a link whose session has grown old is followed by one with a full handshake`() async throws {
    let place = try await EarlyPlace.start()
    _ = try await place.firstRequestOfNewEdge()
    let before = try #require(try place.newestTicket()).sessionBegan
    try await Task.sleep(for: .milliseconds(1100))
    try await place.runEdge(for: .seconds(2))
    // It has resumed the session, and what it got goes back to the same handshake.
    #expect(try place.newestTicket()?.sessionBegan == before)
    try await place.runEdge(for: .seconds(3), sessionRenewal: .seconds(1))
    #expect(try #require(try place.newestTicket()).sessionBegan > before)
    #expect(try await place.firstRequestOfNewEdge() == ["1"])
    try await place.stop()
  }

  @Test func `a damaged ticket file is ignored`() async throws {
    let place = try await EarlyPlace.start()
    _ = try await place.firstRequestOfNewEdge()
    let file = try #require(try FileManager.default.contentsOfDirectory(atPath: place.folder).first { $0.hasSuffix(".tickets") })
    let path = "\(place.folder)/\(file)"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(try await place.firstRequestOfNewEdge() == [nil])
    #expect(try await place.firstRequestOfNewEdge() == ["1"])
    try await place.stop()
  }
}

/// Notes the `Early-Data` field of each request.
private final class NotingOrigin: ExchangeHandler {
  final class Notes: Sendable {
    private let notes = Mutex<[String?]>([])
    var all: [String?] { notes.withLock { $0 } }
    func add(_ note: String?) { notes.withLock { $0.append(note) } }
  }

  private let notes: Notes
  private let refusesEarly: Bool

  init(_ notes: Notes, refusesEarly: Bool) {
    self.notes = notes
    self.refusesEarly = refusesEarly
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let early = request.head.fields.text(.earlyData)
    notes.add(early)
    sink.receiveHead(ResponseHead(status: refusesEarly && early != nil ? 425 : 200, fields: [:], bodyLength: .none))
    sink.receiveResponseEnd(trailers: nil)
    return IgnoringSink()
  }
}

/// The relay is dark until the request waits, so that it can leave with the first flight that arrives.
private final class EarlyPlace {
  let folder: String
  var record: String { "\(folder)/core.flights" }
  private let authority: TestAuthority
  private let leaves: (edge: TestLeaf, core: TestLeaf)
  private let notes: NotingOrigin.Notes
  private let origin: HandlerServer
  private let relay: DatagramRelay
  private var core: CoreRuntime

  static func start(refusesEarly: Bool = false) async throws -> EarlyPlace {
    let authority = try TestAuthority()
    let leaves = (edge: try authority.client("edge-1"), core: try authority.server("localhost"))
    let folder = NSTemporaryDirectory() + "quicgw-early-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let notes = NotingOrigin.Notes()
    let origin = try await HandlerServer.start(on: Site.loopback(), name: "origin") { _ in
      NotingOrigin(notes, refusesEarly: refusesEarly)
    }
    let core = try await startCore(folder, authority, leaves.core, origin, ticketKey: 4)
    let relay = try await DatagramRelay.start(to: core.localAddress.port)
    return EarlyPlace(folder, authority, leaves, notes, origin, relay, core)
  }

  private init(
    _ folder: String, _ authority: TestAuthority, _ leaves: (edge: TestLeaf, core: TestLeaf), _ notes: NotingOrigin.Notes,
    _ origin: HandlerServer, _ relay: DatagramRelay, _ core: CoreRuntime
  ) {
    self.folder = folder
    self.authority = authority
    self.leaves = leaves
    self.notes = notes
    self.origin = origin
    self.relay = relay
    self.core = core
  }

  /// Starts an edge, sends one request through it, and stops it.
  ///
  /// - Returns: what the origin saw in `Early-Data`.
  func firstRequestOfNewEdge(method: String = "GET", fields: FieldSection = [:], expecting status: Int = 200) async throws -> Set<String?> {
    let before = notes.all.count
    relay.setDark(true)
    let edge = try await EdgeRuntime.start(try edgeOptions())
    let client = try await OriginClient.start(OriginURL("h2c://127.0.0.1:\(edge.listenerAddresses[0].port ?? 0)"))
    async let answer = Call.send(
      RequestHead(method: method, authority: "origin", path: "/", fields: fields), through: client.handler)
    try await Task.sleep(for: .milliseconds(100))
    relay.setDark(false)
    let head = try await answer.head
    #expect(head.status == status)
    // The tickets of this connection come behind its handshake.
    try await Task.sleep(for: .milliseconds(100))
    try await client.stop()
    try await edge.drain()
    // Attempts that overlap carry a copy each.
    return Set(notes.all.dropFirst(before))
  }

  /// Starts an edge, and stops it after a while.
  func runEdge(for time: Duration, sessionRenewal: Duration? = nil) async throws {
    var options = try edgeOptions()
    if let sessionRenewal { options.sessionRenewal = sessionRenewal }
    let edge = try await EdgeRuntime.start(options)
    try await Task.sleep(for: time)
    try await edge.drain()
  }

  /// The core takes no connections any more.
  func refuse() {
    for loop in core.cores { loop.eventLoop.execute { loop.value.drain() } }
  }

  func newestTicket() throws -> TicketShelf.StoredTicket? {
    let file = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".tickets") })
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)")))
    let now = Int64(Date().timeIntervalSince1970)
    let tls = try TLSContext(try edgeOptions().tls, unixTime: now)
    var shelf = try TicketShelf(serialized: bytes, fingerprint: tls.trustFingerprint)
    return shelf.newest(unixTime: now)
  }

  private func edgeOptions() throws -> EdgeOptions {
    var options = EdgeOptions(
      process: ProcessOptions(
        role: .edge, loopCount: 1, drainTimeout: .seconds(5), log: LogSettings(level: .critical, isAccessLogOn: false), version: "test"),
      cores: [CoreName(host: "127.0.0.1", port: relay.port)], serverName: "localhost",
      listeners: [.init(name: "default", address: try Site.loopback())],
      tls: TLSConfiguration(
        role: .client, certificateChain: leaves.edge.certificate, privateKey: leaves.edge.key, trustedAuthorities: authority.pem),
      policy: .defaults)
    options.ticketFolder = folder
    return options
  }

  func restartCore(ticketKey: UInt8 = 4) async throws {
    try await core.drain()
    core = try await Self.startCore(folder, authority, leaves.core, origin, ticketKey: ticketKey)
    try relay.lead(to: core.localAddress.port)
  }

  func stop() async throws {
    try await core.drain()
    try await relay.stop()
    try await origin.stop()
    try FileManager.default.removeItem(atPath: folder)
  }

  private static func startCore(
    _ folder: String, _ authority: TestAuthority, _ leaf: TestLeaf, _ origin: HandlerServer, ticketKey: UInt8
  ) async throws -> CoreRuntime {
    let service = Service(name: "origin", origins: [try OriginURL("h2c://127.0.0.1:\(origin.localAddress.port ?? 0)")])
    var tls = TLSConfiguration(
      role: .server, certificateChain: leaf.certificate, privateKey: leaf.key, trustedAuthorities: authority.pem)
    tls.ticketKey = Array(repeating: ticketKey, count: 64)
    guard let listen = Address(ipAddress: "::", port: 0) else { throw SiteError.badAddress }
    var options = CoreOptions(
      process: ProcessOptions(
        role: .core, loopCount: 2, drainTimeout: .seconds(5), log: LogSettings(level: .critical, isAccessLogOn: false), version: "test"),
      listen: listen, tls: tls, policy: Policy(routing: RoutingTable(services: [service])), stableName: "core",
      secret: Array(repeating: 7, count: 32))
    options.earlyData = EarlyDataOptions(recordFile: "\(folder)/core.flights")
    return try await CoreRuntime.start(options)
  }
}
