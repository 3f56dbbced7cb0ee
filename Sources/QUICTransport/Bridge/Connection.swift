public import Events
public import NIOCore

/// One QUIC connection, without sockets, clock or tasks: datagrams and a time go in; datagrams, events and a deadline come out.
///
/// Five verbs drive it: `receive`, `nextBurst`, `handleTimeout`, `deadline`, `nextEvent`. Whoever calls them is on the event loop
/// that the connection lives on; nothing here may be used from another.
@safe
public final class Connection {
  /// Whatever the owner of the endpoint keeps with the connection.
  public var owner: AnyObject?

  /// Whether this end is the QUIC client.
  public let isClient: Bool

  init(isClient: Bool) {
    self.isClient = isClient
  }

  // MARK: The five verbs

  /// Takes a datagram that belongs to this connection.
  ///
  /// - Returns: nil, or why the datagram was dropped.
  @discardableResult
  public func receive(
    _ datagram: UnsafeRawBufferPointer, path: NetworkPath, ecn: ECNCodepoint, now: NIODeadline
  ) -> DatagramRefusal? { nil }

  /// Writes the next datagrams to send; nil when there is nothing to send now. Called until nil, or until the socket takes no more.
  ///
  /// - Parameter buffer: `Burst.maximumByteCount` bytes; its contents are the caller's after the call.
  public func nextBurst(into buffer: UnsafeMutableRawBufferPointer, now: NIODeadline) -> Burst? { nil }

  /// Acts on a deadline that has passed; does nothing when called early.
  public func handleTimeout(now: NIODeadline) {}

  /// When `handleTimeout` wants to be called; nil when the connection is over.
  public var deadline: NIODeadline? { nil }

  /// The next thing that happened; nil when all were told.
  public func nextEvent() -> ConnectionEvent? { nil }

  // MARK: State

  /// `nextBurst` may have something.
  public private(set) var needsWrite = false

  /// The stream application; nil until the peers have agreed on a protocol.
  public var application: (any StreamApplication)? { nil }

  public var phase: ConnectionPhase { .handshaking }

  /// The verified identity of the peer; nil before the handshake is complete.
  public var peerIdentity: String? { nil }

  /// The end of the validity of the peer's leaf certificate, in seconds of Unix time; nil before the handshake is complete.
  public var peerCertificateExpiry: Int64? { nil }

  /// The application protocol that was agreed on; nil before it is known.
  public var applicationProtocol: [UInt8]? { nil }

  /// Whether the TLS session was resumed from a ticket.
  public var isResumed: Bool { false }

  /// The path that data travels on now.
  public var path: NetworkPath { NetworkPath(local: Address(), remote: Address()) }

  /// Reads the figures of the connection; costs about a microsecond.
  public var figures: ConnectionFigures {
    ConnectionFigures(
      phase: phase, identity: peerIdentity, openStreams: 0, smoothedRoundTrip: .zero, minimumRoundTrip: .zero,
      congestionWindowBytes: 0, bytesInFlight: 0, bytesSent: 0, bytesReceived: 0, packetsSent: 0, packetsReceived: 0, packetsLost: 0)
  }

  // MARK: Actions

  /// Closes the connection with an error code of the application protocol (RFC 9000 §10.2).
  public func close(applicationCode: UInt64, reason: String) {}

  /// Changes the keep-alive interval; before the handshake is complete it takes effect then.
  public func setKeepAlive(_ interval: Duration?) {}

  /// Starts a key update (RFC 9001 §6); false when one is still under way or the handshake is not confirmed.
  @discardableResult
  public func updateKeys(now: NIODeadline) -> Bool { false }

  /// Moves the connection to another local address (client only); false when it cannot be done now and must be tried later.
  @discardableResult
  public func migrate(toLocal address: Address, now: NIODeadline) -> Bool { false }
}

extension Connection: StreamTransport {
  public func openBidirectionalStream() -> StreamID? { nil }
  public func openUnidirectionalStream() -> StreamID? { nil }
  public var bidirectionalStreamsLeft: UInt64 { 0 }
  public func extendStreamCredit(_ stream: StreamID, by byteCount: Int) {}
  public func extendBidirectionalStreamLimit(by count: Int) {}
  public func resetStream(_ stream: StreamID, code: UInt64) {}
  public func resetSending(_ stream: StreamID, code: UInt64) {}
  public func stopReading(_ stream: StreamID, code: UInt64) {}
  public func setNeedsWrite() {}
}
