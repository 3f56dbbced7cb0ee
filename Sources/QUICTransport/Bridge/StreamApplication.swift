/// Who feeds and drains the streams of one QUIC connection: HTTP/3 forward, HTTP/3 reversed.
///
/// All methods are called by the connection, on its event loop, most of them from inside a C callback: they *record* and
/// return. They must not call back into the connection, except where a method says so. What was recorded is acted on when the
/// owner drains the application after the call into the connection has returned.
public protocol StreamApplication: AnyObject {
  /// Streams can be opened: 1-RTT keys for sending exist. Called once, not from inside a C callback of the library's read path
  /// that forbids it: the application may open its unidirectional streams here.
  func start(on transport: any StreamTransport) throws(ApplicationError)

  /// The server has decided about the early data of an application that was started with `isEarly` (client only). When it has
  /// refused it (RFC 9001 §4.6.2), nothing that was sent has arrived, and all streams are gone from the transport: what was wanted is
  /// begun again from the first byte; streams may be opened here.
  func earlyDataDecided(isAccepted: Bool, on transport: any StreamTransport) throws(ApplicationError)

  /// Stream data in order. The bytes are borrowed and gone after the call.
  ///
  /// The connection's flow-control credit is given back by the transport at once; stream credit only by
  /// `StreamTransport.extendStreamCredit(_:by:)`.
  /// - Parameters:
  ///   - isFinal: the peer has ended its side of the stream.
  ///   - isEarly: the bytes came in 0-RTT and the handshake is not complete (RFC 8470).
  func receive(_ bytes: UnsafeRawBufferPointer, on stream: StreamID, isFinal: Bool, isEarly: Bool) throws(ApplicationError)

  /// The peer has acknowledged so many further bytes of what was written; their memory may go.
  func acknowledged(_ byteCount: Int, on stream: StreamID)

  /// RESET_STREAM: the peer sends no more on this stream.
  func peerReset(_ stream: StreamID, code: UInt64) throws(ApplicationError)

  /// STOP_SENDING: the peer reads no more of this stream.
  ///
  /// ngtcp2 0.12 answers STOP_SENDING with RESET_STREAM by itself and tells nobody. A `Connection` therefore reports it in other
  /// calls: `writeShut` when the stream is offered next, and `closed` with the peer's code one round trip later.
  func peerStoppedReading(_ stream: StreamID, code: UInt64) throws(ApplicationError)

  /// Both directions are finished; the stream is forgotten by the transport. `code` is nil after a clean end.
  func closed(_ stream: StreamID, code: UInt64?) throws(ApplicationError)

  /// The peer allows more bidirectional streams in total (MAX_STREAMS); requests that waited can be opened.
  func peerExtendedStreamLimit(bidirectionalMaximum: UInt64)

  /// A stream that reported `writeBlocked` has flow-control credit again.
  func unblocked(_ stream: StreamID)

  /// Asks for what to send next. Called in the write pass, repeatedly, until it returns nil.
  ///
  /// The memory given out stays as it is until it was acknowledged or the stream closed.
  func nextWrite(into vectors: UnsafeMutableBufferPointer<StreamBytes>) throws(ApplicationError) -> StreamWrite?

  /// So many bytes of the last `nextWrite` went into packets (0 is possible when only FIN was sent). Called once for each
  /// `nextWrite` of which something did, before the next call of any other kind; an offer may fill several packets.
  func wrote(_ byteCount: Int, on stream: StreamID) throws(ApplicationError)

  /// The stream cannot send: out of its flow-control credit. It must not be offered until `unblocked`.
  func writeBlocked(_ stream: StreamID)

  /// The stream was shut for writing (reset, STOP_SENDING); it must not be offered again.
  func writeShut(_ stream: StreamID)
}

/// One piece of memory to send. Layout-compatible with `ngtcp2_vec` and `nghttp3_vec`.
@unsafe
public struct StreamBytes {
  public var base: UnsafeMutablePointer<UInt8>?
  public var count: Int

  public init(base: UnsafeMutablePointer<UInt8>?, count: Int) {
    unsafe self.base = base
    unsafe self.count = count
  }
}

/// What `nextWrite` offers: the stream, how many vectors were filled, and whether its end follows them.
public struct StreamWrite {
  public var stream: StreamID
  public var vectorCount: Int
  public var isFinal: Bool
  /// What the bytes are to the scheduler: decides the class of the burst they leave in.
  public var isInteractive: Bool

  public init(stream: StreamID, vectorCount: Int, isFinal: Bool, isInteractive: Bool) {
    self.stream = stream
    self.vectorCount = vectorCount
    self.isFinal = isFinal
    self.isInteractive = isInteractive
  }
}
