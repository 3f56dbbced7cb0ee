import HTTPMessage
import NIOCore
public import QUICTransport

/// One request stream: what its owner keeps in its hand between events and calls. The session records into it.
public final class HTTP3Stream {
  /// The identifier on the QUIC connection.
  public internal(set) var id: StreamID

  /// Whatever the owner wants to find again when an event names this stream. An owner that points back here sets it to nil
  /// when the stream is closed.
  public var context: AnyObject?

  var libraryID: Int64
  var incoming: IncomingMessage
  var outgoing = OutgoingMessage()
  var window: ReceiveWindow

  /// Whether the owner knows the stream; a refused request never becomes known.
  var isAnnounced: Bool
  /// Whether it stands in the session's list of streams with events.
  var isReady = false
  var isClosed = false
  /// It counts as one of the session's open tunnels.
  var isTunnel = false
  var closeCode: HTTP3ErrorCode?
  private var isCloseTaken = false
  /// Of a request that was sent as early data: what it is sent from again when the server refuses it. Content stays in `outgoing`.
  var earlyRequest: EarlyRequest?
  /// The request was refused as early data and has no stream of the transport until the peer allows one.
  var isWaitingForStream = false

  init(id: StreamID, libraryID: Int64, isLocal: Bool, windowBytes: Int) {
    self.id = id
    self.libraryID = libraryID
    incoming = IncomingMessage()
    window = ReceiveWindow(initialBytes: windowBytes)
    isAnnounced = isLocal
  }

  /// Takes the next of the recorded events; nil when all are taken.
  func nextEvent() -> HTTP3Event? {
    guard isAnnounced || incoming.hasUntakenRequest else { return nil }
    if let event = incoming.nextEvent(of: self) { return event }
    if let code = outgoing.stoppedByPeer {
      outgoing.stoppedByPeer = nil
      return .peerStoppedReading(self, code)
    }
    if outgoing.unreportedBytes > 0 {
      defer { outgoing.unreportedBytes = 0 }
      return .sent(self, byteCount: outgoing.unreportedBytes)
    }
    guard isClosed, !isCloseTaken else { return nil }
    isCloseTaken = true
    return .closed(self, closeCode)
  }
}
