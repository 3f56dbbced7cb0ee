public import QUICTransport

/// Two stream transports back to back in memory: packets, stream credit, limits, acknowledgements, resets; no QUIC and no time.
///
/// It holds the applications to their contract: whoever calls back from inside a recording call, changes memory that was not
/// acknowledged, or sends past its credit is caught.
public final class MemoryLink {
  public let client: MemoryTransport
  public let server: MemoryTransport

  public init(
    client clientApplication: any StreamApplication, server serverApplication: any StreamApplication,
    options: MemoryLinkOptions = MemoryLinkOptions()
  ) throws {
    client = MemoryTransport(isClient: true, application: clientApplication, options: options)
    server = MemoryTransport(isClient: false, application: serverApplication, options: options)
    client.peer = server
    server.peer = client
    try client.begin()
    try server.begin()
  }

  /// One turn of each side: a write pass, then what arrives. False when nothing moved.
  @discardableResult
  public func step() throws -> Bool {
    let wrote = try client.writePass()
    let answered = try server.writePass()
    let delivered = try server.deliver()
    let received = try client.deliver()
    return wrote || answered || delivered || received
  }
}

public struct MemoryLinkOptions: Sendable {
  public var packetBytes = 1200
  /// A congestion window of a kind: packets in one write pass.
  public var packetsPerPass = Int.max
  public var streamWindowBytes = Int(ConnectionConfiguration.defaults.bidirectionalStreamWindowBytes)
  public var bidirectionalStreams: UInt64 = 1000
  public var unidirectionalStreams: UInt64 = 6
  /// Splits what is written and delivered at random places.
  public var chunkSeed: UInt64?
  /// Acknowledgements come so many turns late.
  public var acknowledgementDelay = 0
  public var isEarly = false
  /// Whether the client, too, takes what it sends for early data.
  public var isClientEarly = false
  /// False as with ngtcp2 0.12, which answers STOP_SENDING and tells nobody.
  public var tellsStopSending = true

  public init() {}
}
