import Foundation
import LinkEmulator
import QUICTransport
import TestCertificates

/// Certificates and settings of an ordinary pair; a test changes what it is about.
struct Setups {
  let authority: TestAuthority
  var serverLeaf: TestLeaf
  var clientLeaf: TestLeaf
  var clientAuthority: TestAuthority
  var serverName = "core.test"
  var connection = ConnectionConfiguration()
  var clientConnection = ConnectionConfiguration()
  var clientProtocols = ["echo"]
  var serverProtocols = ["echo"]
  var ticketKey: [UInt8]?
  var furtherTicketKeys: [[UInt8]] = []
  var antiReplay: AntiReplay?
  var isRevoked: (@Sendable (CertificateSummary) -> Bool)?

  init() throws {
    authority = try TestAuthority()
    clientAuthority = authority
    serverLeaf = try authority.server("core.test")
    clientLeaf = try authority.client("edge-1.test")
  }

  func context(_ role: TLSConfiguration.Role) throws -> TLSContext {
    let leaf = role == .client ? clientLeaf : serverLeaf
    var configuration = TLSConfiguration(
      role: role, certificateChain: leaf.certificate, privateKey: leaf.key,
      trustedAuthorities: role == .client ? clientAuthority.pem : authority.pem)
    if role == .server {
      configuration.ticketKey = ticketKey
      configuration.furtherTicketKeys = furtherTicketKeys
      configuration.antiReplay = antiReplay
      configuration.isRevoked = isRevoked
    }
    return try TLSContext(configuration, unixTime: Setups.unixTime)
  }

  /// A server that makes one recorder for each connection.
  func server(_ make: @escaping (Connection) -> StreamRecorder = { _ in StreamRecorder() }) throws -> ServerSetup {
    ServerSetup(
      tls: try context(.server), connection: connection,
      applications: serverProtocols.map { ApplicationProtocol(name: Array($0.utf8), makeApplication: { make($0) }) },
      unixTime: Setups.unixTime)
  }

  func client(_ recorder: StreamRecorder, ticket: SessionTicket? = nil) throws -> ClientSetup {
    ClientSetup(
      tls: try context(.client), connection: clientConnection,
      applications: clientProtocols.map { ApplicationProtocol(name: Array($0.utf8), makeApplication: { _ in recorder }) },
      serverName: serverName, ticket: ticket)
  }

  /// Only the clock of the machine is right for GnuTLS, which reads it itself.
  static var unixTime: Int64 { Int64(Date().timeIntervalSince1970) }
}

extension Pair {
  /// A pair whose server echoes, with a connection that is confirmed.
  static func connected(
    _ setups: Setups, conditions: LinkConditions = LinkConditions(delay: .milliseconds(10)), seed: UInt64 = 1
  ) throws -> (pair: Pair, client: Connection, server: Connection, recorder: StreamRecorder) {
    let pair = Pair(conditions: conditions, seed: seed)
    pair.server.setup = try setups.server { _ in
      let recorder = StreamRecorder()
      recorder.echoes = true
      return recorder
    }
    let recorder = StreamRecorder()
    let connection = try pair.connect(try setups.client(recorder))
    guard pair.run(until: { pair.client.isConfirmed(connection) }), let server = pair.server.connections.first else {
      throw PairError.notConnected("\(pair.client.events(of: connection)) \(pair.server.refusals)")
    }
    return (pair, connection, server, recorder)
  }
}

enum PairError: Error {
  case notConnected(String)
}

/// Bytes that show when a piece is missing or in the wrong place.
func pattern(_ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}
