public import HTTPMessage
internal import QUICTransport

/// What one HTTP/3 session announces, and how much it holds.
public struct HTTP3Configuration: Sendable {
  /// Limits of incoming field sections.
  public var limits = MessageLimits.defaults

  /// Bytes of the QPACK dynamic table that the peer's encoder may use (RFC 9204 §3.2.3); nil chooses by role.
  ///
  /// A server allows 4096: heads of requests repeat, shrink to half, and are cheaper to decode. A client allows none: its
  /// decoder would have to acknowledge each head of a response, a packet of its own when requests come one after the other;
  /// a server's acknowledgements travel with its responses.
  public var qpackDecoderTableBytes: Int?

  /// The most that our encoder uses of the table that the peer allows.
  public var qpackEncoderTableBytes = 4096

  /// How many streams may wait for QPACK table updates (RFC 9204 §2.1.2).
  ///
  /// None by default: a stream then never waits for another one's lost packet, and the encoders refer to an entry as soon as
  /// it is acknowledged.
  public var qpackBlockedStreams = 0

  /// Whether a server announces and takes extended CONNECT (RFC 9220); without it `:protocol` is malformed.
  public var isExtendedConnectEnabled = false

  /// Bytes of content that a new stream may send us; the same as the transport's `initial_max_stream_data_bidi_*`.
  public var initialStreamWindowBytes = Int(ConnectionConfiguration.defaults.bidirectionalStreamWindowBytes)

  /// How far a stream's window may grow.
  public var maximumStreamWindowBytes = 16 * 1024 * 1024

  /// Bytes that one connection may hold for readers that have not taken them, growth of windows included. Windows together grow by what
  /// the path's least round trip asks for, between an eighth of this and twice as much; when it is used up the peer gets no new streams.
  public var receiveBudgetBytes = 32 * 1024 * 1024

  /// Bidirectional streams that the peer may have open at once; the same as the transport's `initial_max_streams_bidi`.
  public var maximumConcurrentStreams = 1000

  public init() {}
}
