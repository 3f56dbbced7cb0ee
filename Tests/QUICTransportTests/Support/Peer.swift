import Events
import LinkEmulator
import NIOCore
import QUICTransport
import TestCertificates

/// One end of a `Pair`: its endpoint, who owns it, and what they were told.
final class Peer: EndpointOwner {
  let address: Address
  private(set) var endpoint: Endpoint!
  /// What clients are served with; nil refuses them.
  var setup: ServerSetup?
  var connections: [Connection] = []
  private(set) var refusals: [DatagramRefusal: Int] = [:]
  private(set) var acceptCount = 0
  private(set) var events: [ObjectIdentifier: [ConnectionEvent]] = [:]
  private let seed: UInt64
  private let configuration: EndpointConfiguration

  init(address: Address, seed: UInt64, configure: (inout EndpointConfiguration) -> Void) {
    self.address = address
    self.seed = seed
    var configuration = EndpointConfiguration(secret: Array(repeating: 7, count: 32), stableName: "test")
    configure(&configuration)
    self.configuration = configuration
    restart()
  }

  /// Forgets all connections, as a process that was killed and replaced.
  func restart() {
    let random = SeededGenerator(seed: seed &+ UInt64(connections.count))
    endpoint = Endpoint(configuration: configuration, owner: self, random: random)
    connections = []
  }

  func accept(_ incoming: IncomingConnection) -> ServerSetup? {
    acceptCount += 1
    return setup
  }

  func endpointNeedsService() {}
  func refused(_ cause: DatagramRefusal, from remote: Address) { refusals[cause, default: 0] += 1 }

  func collect(_ connection: Connection) {
    if !connections.contains(where: { $0 === connection }) { connections.append(connection) }
    while let event = connection.nextEvent() { events[ObjectIdentifier(connection), default: []].append(event) }
  }

  func events(of connection: Connection) -> [ConnectionEvent] { events[ObjectIdentifier(connection)] ?? [] }

  /// How the connection ended; nil while it has not.
  func closure(of connection: Connection?) -> ConnectionClosure? {
    guard let connection else { return nil }
    for case .closed(let closure) in events(of: connection) { return closure }
    return nil
  }

  func isConfirmed(_ connection: Connection) -> Bool {
    events(of: connection).contains { if case .handshakeConfirmed = $0 { true } else { false } }
  }

  func identity(of connection: Connection) -> String? {
    for case .handshakeCompleted(let identity, _) in events(of: connection) { return identity }
    return nil
  }

  func ticket(of connection: Connection) -> SessionTicket? {
    for case .sessionTicket(let ticket) in events(of: connection) { return ticket }
    return nil
  }

  func earlyIdentities(of connection: Connection) -> [String?] {
    events(of: connection).compactMap { if case .earlyDataTaken(let identity, _) = $0 { .some(identity) } else { nil } }
  }

  func refusedReplays(of connection: Connection) -> Int {
    events(of: connection).reduce(0) { if case .earlyDataRefused(.seen) = $1 { $0 + 1 } else { $0 } }
  }

  func migrations(of connection: Connection) -> [NetworkPath] {
    events(of: connection).compactMap { if case .migrated(let path) = $0 { path } else { nil } }
  }
}
