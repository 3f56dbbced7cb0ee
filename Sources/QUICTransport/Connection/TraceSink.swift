/// Takes the trace of one connection: qlog events as a JSON text sequence (draft-ietf-quic-qlog-main-schema §6.2, RFC 7464), as
/// ngtcp2 writes it.
///
/// Called on the connection's event loop; must not block.
public protocol TraceSink: AnyObject {
  /// The next records, whole ones. They come in large pieces while the connection is open, at the latest a second after what they
  /// tell when more follows, and at once when it is not open any more.
  func write(_ records: [UInt8])

  /// Nothing more comes.
  func end()
}

/// What a trace is called. Those of both ends of a connection have the same identifier.
public struct TraceName: Sendable, Hashable {
  /// The connection ID that the client chose for its first packet, in hexadecimal digits.
  public var original: String
  public var isClient: Bool
}

/// Makes the sink of a connection's trace; nil for a connection that is not traced.
public typealias TraceMaker = (TraceName) -> (any TraceSink)?
