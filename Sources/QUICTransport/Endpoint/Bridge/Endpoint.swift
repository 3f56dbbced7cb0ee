public import NIOCore

/// Many connections of both roles on one UDP socket: finds the connection of a datagram, accepts new ones, and answers what
/// belongs to none (Version Negotiation, Retry, stateless reset). No socket and no clock in it.
///
/// A turn of the event loop: `receive` for every datagram, `handleTimeout` when `deadline` has passed, then one `service` that
/// visits the connections with output or events, and `nextStatelessDatagram` until nil.
@safe
public final class Endpoint {
  public init(
    configuration: EndpointConfiguration, owner: any EndpointOwner,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) {}

  /// Takes one datagram (GRO batches are split by the caller).
  public func receive(_ datagram: UnsafeRawBufferPointer, path: NetworkPath, ecn: ECNCodepoint, now: NIODeadline) {}

  /// Begins a connection in the client's role; its first datagram leaves with the next `service`.
  public func connect(_ setup: ClientSetup, path: NetworkPath, now: NIODeadline) throws(ConnectError) -> Connection {
    throw .libraryFailure("")
  }

  /// Calls `visit` once for each connection with output or events: it takes `nextEvent` until nil and `nextBurst` until nil or
  /// until the socket takes no more. A connection that still has output afterwards stays on the list for the next call.
  public func service(now: NIODeadline, _ visit: (Connection) -> Void) {}

  /// Whether `service` would visit a connection.
  public var needsService: Bool { false }

  /// The next datagram that belongs to no connection; nil when there is none.
  public func nextStatelessDatagram() -> StatelessDatagram? { nil }

  /// The earliest time that `handleTimeout` wants to be called, or earlier; nil while there is no connection.
  public var deadline: NIODeadline? { nil }

  public func handleTimeout(now: NIODeadline) {}

  /// The loop whose endpoint issued the connection ID that the datagram is for; nil when none of this process did.
  ///
  /// A loop hands a datagram over when this names another loop.
  public func loopIndex(ofDatagram datagram: UnsafeRawBufferPointer) -> UInt8? { nil }

  /// All connections, in no order.
  public var connections: [Connection] { [] }

  /// While false, new connections from clients are refused; those that exist go on.
  public var acceptsConnections = true

  /// Closes all connections; they leave the endpoint when their closing period is over.
  public func closeAll(applicationCode: UInt64, reason: String) {}
}

/// A datagram that no connection sends.
public struct StatelessDatagram: Sendable {
  public var path: NetworkPath
  public var bytes: [UInt8]
}

/// Why a connection could not even be begun.
public enum ConnectError: Error, Sendable {
  case libraryFailure(String)
}
