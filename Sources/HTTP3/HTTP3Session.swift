internal import DequeModule
import QUICTransport

/// HTTP/3 (RFC 9114) on the streams of one QUIC connection, in either HTTP role on either side of it.
///
/// The connection feeds and drains it as a `StreamApplication`; those calls only record. Its owner drains `nextEvent()` after
/// each receive, timeout and write pass of the connection, and sends with the methods of `HTTP3Session+Sending`. All of it
/// on one event loop; the session never calls its owner.
public final class HTTP3Session {
  public let role: HTTP3Role
  public let configuration: HTTP3Configuration

  /// Whether the peer takes or makes no more requests (GOAWAY received).
  public internal(set) var isGoingAway = false

  /// Whether requests leave as early data (RFC 8470): they may arrive more than once, and leave again when the server refuses them.
  public internal(set) var isEarly = false

  /// Whether `beginShutdown()` was called.
  public private(set) var isShuttingDown = false
  private var isShutdownComplete = false

  /// The connection, from its start until `connectionClosed()`. Not weak: a weak reference makes every other one to it dearer.
  var transport: (any StreamTransport)?
  var library: LibraryConnection?
  var mapping = StreamIDMapping(role: .client, isQUICClient: true)
  var streams: [Int64: HTTP3Stream] = [:]
  var budget: ReceiveBudget
  var turns = SendTurns()
  /// The stream that the last call of the transport was about; saves most look-ups.
  var recentStream: HTTP3Stream?

  // What was recorded and is acted on by `nextEvent()`; `isUnsettled` when some of it needs calls to the transport.
  var isUnsettled = false
  var readyStreams: Deque<HTTP3Stream> = []
  var sessionEvents: Deque<HTTP3Event> = []
  var pendingAborts: [Abort] = []
  var pendingRefusals: [HTTP3Stream] = []
  var pendingCredit: [(stream: StreamID, byteCount: Int)] = []
  var closedPeerStreams = 0
  /// Requests that were refused as early data and for which the peer allows no stream now, in their order.
  var waitingForStreams: Deque<HTTP3Stream> = []
  var failure: ApplicationError?

  /// The peer's unidirectional streams, with the bytes that are missing of their type (RFC 9114 §6.2).
  var peerUnidirectionalStreams: [StreamID: Int] = [:]
  var grantedRequestStreams: UInt64
  /// The library's last question for content was answered with «not now».
  var isProducerBehind = false
  var isReceivingEarly = false
  var encoderStream: EncoderStream?
  var decoderStream: DecoderStream?

  /// A stream to end in both directions; a unidirectional one of the peer's is only read no more.
  struct Abort: Equatable {
    var stream: StreamID
    var code: HTTP3ErrorCode
  }

  /// - Parameter role: the HTTP role; the QUIC role is the transport's.
  public init(role: HTTP3Role, configuration: HTTP3Configuration = HTTP3Configuration()) {
    self.role = role
    self.configuration = configuration
    budget = ReceiveBudget(totalBytes: configuration.receiveBudgetBytes)
    grantedRequestStreams = UInt64(configuration.maximumConcurrentStreams)
  }

  /// The next thing that happened; nil when all is told. Call until nil: credit that is due to the peer is given here too.
  public func nextEvent() -> HTTP3Event? {
    if isUnsettled { settle() }
    if !sessionEvents.isEmpty { return sessionEvents.removeFirst() }
    while let stream = readyStreams.first {
      if let event = stream.nextEvent() {
        if case .closed = event { release(stream) }
        return event
      }
      readyStreams.removeFirst()
      stream.isReady = false
    }
    return nil
  }

  /// Whether `submitRequest` would find a stream now (clients).
  public var canOpenRequest: Bool {
    library != nil && !isGoingAway && !isShuttingDown && failure == nil && waitingForStreams.isEmpty
      && (transport?.bidirectionalStreamsLeft ?? 0) > 0
  }

  /// Streams that are known to the owner and not closed.
  public var openStreamCount: Int { streams.count + waitingForStreams.count }

  /// Of those, the tunnels: CONNECT that was answered with success.
  public internal(set) var openTunnelCount = 0

  /// The streams that are open, in no order; for an owner whose connection was lost.
  public var openStreams: [HTTP3Stream] { Array(streams.values) + waitingForStreams }

  /// Content that was received and not consumed, in bytes; without that of streams whose `closed` was taken.
  public var unconsumedBytes: Int { budget.heldBytes }

  /// Begins a graceful shutdown: tells the peer to begin nothing new (RFC 9114 §5.2). About two round trips later, when
  /// requests under way have arrived, `completeShutdown()` follows.
  public func beginShutdown() {
    guard !isShuttingDown else { return }
    isShuttingDown = true
    attempt { library throws(ApplicationError) in try library.submitShutdownNotice() }
  }

  /// Refuses requests that come from now on; those that came before are finished.
  public func completeShutdown() {
    // The library aborts on a GOAWAY that takes back less than the one before it.
    guard !isShutdownComplete else { return }
    isShutdownComplete = true
    isShuttingDown = true
    attempt { library throws(ApplicationError) in try library.shutdown() }
  }

  /// The connection is gone: nothing is sent or told any more. The owner ends what was on `openStreams` itself. To be called
  /// once for every session that was started; session and connection hold each other until then.
  public func connectionClosed() {
    transport = nil
    library = nil
    for stream in openStreams {
      stream.isClosed = true
      stream.outgoing.isShut = true
      stream.outgoing.content.releaseAll()
    }
    streams.removeAll()
    waitingForStreams.removeAll()
    readyStreams.removeAll()
    sessionEvents.removeAll()
    turns = SendTurns()
    recentStream = nil
    openTunnelCount = 0
  }

  /// Calls the library outside of any callback of the connection. What fails there closes the connection at its next write.
  func attempt(_ body: (LibraryConnection) throws(ApplicationError) -> Void) {
    guard let library else { return }
    do {
      try body(library)
    } catch {
      failure = error
    }
    transport?.setNeedsWrite()
  }

  /// The owner knows that the stream is closed. Content that it still holds counts as consumed: a reader that is done with an
  /// exchange need not report the rest.
  private func release(_ stream: HTTP3Stream) {
    let wasExhausted = budget.isExhausted
    stream.window.abandoned(budget: &budget)
    if wasExhausted { settleStreamLimit() }
  }

  func enlist(_ stream: HTTP3Stream) {
    guard !stream.isReady else { return }
    stream.isReady = true
    readyStreams.append(stream)
  }
}
