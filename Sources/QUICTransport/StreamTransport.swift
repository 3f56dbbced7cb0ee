/// A connection as its stream application sees it. `Connection` is the one in production; tests put two applications
/// back to back on a stand-in.
public protocol StreamTransport: AnyObject {
  /// Opens a stream; nil when the peer's limit is reached (then `peerExtendedStreamLimit` is called later).
  func openBidirectionalStream() -> StreamID?
  func openUnidirectionalStream() -> StreamID?

  /// Whether this end is the QUIC client.
  var isClient: Bool { get }

  /// Whether what is sent now is early data (client only): it may be refused, and it may arrive more than once.
  var isEarly: Bool { get }

  /// How many bidirectional streams of ours the peer would still let us open now.
  var bidirectionalStreamsLeft: UInt64 { get }

  /// The least round-trip time that the path has shown (RFC 9002 §5.2), which queues and busy machines do not lengthen; zero before
  /// there is a sample.
  var minimumRoundTrip: Duration { get }

  /// Gives the peer credit for further bytes on a stream, at most as many as were received and consumed plus what the window
  /// is to grow by.
  func extendStreamCredit(_ stream: StreamID, by byteCount: Int)

  /// Lets the peer open so many further bidirectional streams. It is told of a quarter of the limit at a time: each MAX_STREAMS
  /// costs a packet and an acknowledgement, as much as a small request does.
  func extendBidirectionalStreamLimit(by count: Int)

  /// Aborts both directions (RESET_STREAM and STOP_SENDING, RFC 9000 §3.5).
  func resetStream(_ stream: StreamID, code: UInt64)

  /// Aborts sending only (RESET_STREAM).
  func resetSending(_ stream: StreamID, code: UInt64)

  /// Aborts reading only (STOP_SENDING).
  func stopReading(_ stream: StreamID, code: UInt64)

  /// Says that the application has something to write; the owner runs a write pass at the end of the loop's turn.
  func setNeedsWrite()
}
