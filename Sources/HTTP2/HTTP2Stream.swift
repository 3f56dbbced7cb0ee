import HTTPMessage
import NIOCore

/// One stream of a session: what it has received so far and what it has still to send.
///
/// Made by the session; valid until `HTTP2Event.closed`, after which calls that name it do nothing.
public final class HTTP2Stream {
  /// The stream identifier (RFC 9113 §5.1.1).
  public internal(set) var id: Int32
  /// Whatever the user of the session wants to find again when the stream has an event.
  public var owner: AnyObject?

  // Receiving
  var fields = FieldSection(byteCapacity: 0, fieldCapacity: 0)
  var sectionBytes = 0
  var isReadingHead = false
  var hasFinalHead = false
  var interimCount = 0
  var isOversized = false
  /// Content handed out and not yet consumed.
  var outstandingBytes = 0
  var window: WindowGrowth.StreamWindow
  /// The peer has sent END_STREAM.
  public internal(set) var isEndReceived = false

  // Sending
  var outgoing = ChunkQueue()
  var trailers: FieldSection?
  var isEndQueued = false
  var isDeferred = false
  var takenBytes = 0
  var resetAfterEnd: HTTP2ErrorCode?
  /// The head has gone into the session's output.
  public internal(set) var isHeadSent = false
  /// END_STREAM has gone into the session's output.
  public internal(set) var isEndSent = false

  var isResetByPeer = false
  var isResetQueued = false
  /// The stream is over; it is no longer known to the session.
  public internal(set) var isClosed = false
  /// The stream's place in the session's list of live streams.
  var index = 0

  init(id: Int32, windowBytes: Int32) {
    self.id = id
    window = WindowGrowth.StreamWindow(bytes: Int(windowBytes))
  }

  /// Bytes of content that were written and have not gone into the session's output.
  public var queuedByteCount: Int { outgoing.byteCount }
}
