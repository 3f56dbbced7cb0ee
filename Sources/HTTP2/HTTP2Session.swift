public import HTTPMessage
public import NIOCore

/// One HTTP/2 connection (RFC 9113) without IO: bytes in, events and bytes out. libnghttp2 does framing, HPACK, flow control and
/// the message rules of §8; this class keeps the streams, the limits and the credit.
///
/// Not thread-safe; it lives on one event loop. libnghttp2's callbacks only record: the owner drains `nextEvent()` after each
/// `receive(_:)` and each `nextOutput()`.
public final class HTTP2Session {
  /// Which side of the connection this is.
  public enum Role: Sendable {
    case client, server
  }

  public let role: Role
  let configuration: HTTP2Configuration
  let library: NGHTTP2Library

  var events: [HTTP2Event] = []
  private var eventCursor = 0
  private(set) var streams: [HTTP2Stream] = []
  var takers: [HTTP2Stream] = []
  var pendingResets: [HTTP2Stream] = []

  var input = InputWindow()
  var output = ByteBuffer()
  private var outputHintBytes = 1024
  private var handedOutBytes = 0
  /// The stream whose field block is being received; blocks are never interleaved (RFC 9113 §4.3).
  var headStream: HTTP2Stream?
  var resetBudget: ResetBudget
  private var growth: WindowGrowth
  private var condition = Condition.open
  private var outstandingBytes = 0
  private var withheldCreditBytes = 0
  private var drainStep = DrainStep.none

  public init(role: Role, configuration: HTTP2Configuration = HTTP2Configuration()) {
    self.role = role
    self.configuration = configuration
    resetBudget = ResetBudget(capacity: configuration.unansweredResetBudget)
    growth = WindowGrowth(
      budgetBytes: configuration.growthBudgetBytes, maximumWindowBytes: configuration.maximumStreamWindowBytes)
    library = NGHTTP2Library(role: role, configuration: configuration)
    library.attach(self)
    library.submitSettings(role: role, configuration: configuration)
  }

  // MARK: Bytes

  /// Takes bytes from the peer. Content is handed on as slices of `bytes`, not copied.
  public func receive(_ bytes: ByteBuffer) {
    guard condition == .open, bytes.readableBytes > 0 else { return }
    let result = library.receive(bytes, for: self)
    if let stream = headStream, stream.isClosed { headStream = nil }
    if result < 0 {
      let isFlood = NGHTTP2Library.isFlood(result)
      terminate(isFlood ? .enhanceYourCalm : .protocolError)
      let reason = NGHTTP2Library.describe(result)
      events.append(.refused(nil, isFlood ? .excessive(reason) : .connectionError(reason)))
    } else if resetBudget.isExhausted {
      terminate(.enhanceYourCalm)
      events.append(.refused(nil, .excessive("streams are reset as fast as they are opened")))
    }
  }

  /// The next piece of output, about `HTTP2Configuration.outputPieceBytes`; nil when there is nothing to send now.
  ///
  /// Content of the piece before counts as taken from now on: being called again means that the socket has room.
  public func nextOutput() -> ByteBuffer? {
    for stream in takers { reportTaken(stream) }
    takers.removeAll(keepingCapacity: true)
    output = ByteBufferAllocator().buffer(capacity: outputHintBytes)
    let result = library.collectOutput(for: self)
    if result < 0 {
      condition = .broken
      events.append(.refused(nil, .connectionError(NGHTTP2Library.describe(result))))
    }
    guard output.readableBytes > 0 else { return nil }
    outputHintBytes = min(max(output.readableBytes, 512), pieceBytes + 17 * 1024)
    handedOutBytes += output.readableBytes
    defer { output = ByteBuffer() }
    // It may wait for a slow reader: then not with memory that was meant for more.
    if output.capacity > Self.largestSpareBytes { output.shrinkBufferCapacity(to: output.readableBytes) }
    return output
  }

  /// How much makes a piece. A peer that has not taken much yet may be one that takes nothing, and the last piece waits for it
  /// whole.
  var pieceBytes: Int {
    let usual = configuration.outputPieceBytes
    return handedOutBytes < Self.provenReaderBytes ? min(Self.firstPieceBytes, usual) : usual
  }

  /// False while more frames wait to be sent than a peer that reads would leave: what it sends makes us queue further ones
  /// (RST_STREAM, answers), so it is not read until it reads.
  public var wantsBytes: Bool { library.waitingFrameCount < configuration.maximumWaitingFrames }

  /// The next event, in order; nil when all have been seen.
  public func nextEvent() -> HTTP2Event? {
    guard eventCursor < events.count else {
      events.removeAll(keepingCapacity: true)
      eventCursor = 0
      return nil
    }
    defer { eventCursor += 1 }
    return events[eventCursor]
  }

  /// Whether the session has said all it will ever say and wants to hear nothing: the connection can be closed.
  public var isFinished: Bool {
    switch condition {
    case .open: !library.wantsRead && !library.wantsWrite
    case .terminating: !library.wantsWrite
    case .broken: true
    }
  }

  // MARK: Messages

  /// Client: opens a stream with a request. Content and end follow unless `head.bodyLength` is `.none`.
  ///
  /// Returns nil when the connection can carry no further stream.
  public func submitRequest(_ head: RequestHead) -> HTTP2Stream? {
    guard mayOpen else { return nil }
    let stream = HTTP2Stream(id: 0, windowBytes: configuration.streamWindowBytes)
    let hasContent = head.bodyLength != .none
    stream.isEndQueued = !hasContent
    guard let id = library.submitRequest(head.fields, hasContent: hasContent, stream: stream) else { return nil }
    stream.id = id
    adopt(stream)
    return stream
  }

  /// Server: answers with a final head. Content and end follow unless `head.bodyLength` is `.none`; behind a known length of 0
  /// too, because trailers may.
  public func submitResponse(_ head: ResponseHead, on stream: HTTP2Stream) {
    guard !stream.isClosed else { return }
    let hasContent = head.bodyLength != .none
    stream.isEndQueued = !hasContent
    library.submitResponse(head.fields, hasContent: hasContent, stream: stream)
  }

  /// Server: sends a 1xx head.
  public func submitInterim(_ head: ResponseHead, on stream: HTTP2Stream) {
    guard !stream.isClosed else { return }
    library.submitInterim(head.fields, stream: stream)
  }

  /// Queues content behind the head.
  public func write(_ chunk: ByteBuffer, on stream: HTTP2Stream) {
    guard !stream.isClosed, !stream.isEndQueued else { return }
    stream.outgoing.append(chunk)
    resume(stream)
  }

  /// Ends this side of the stream, with trailers if there are any.
  public func finish(_ stream: HTTP2Stream, trailers: FieldSection?) {
    guard !stream.isClosed, !stream.isEndQueued else { return }
    stream.isEndQueued = true
    stream.trailers = trailers
    resume(stream)
  }

  /// Aborts the stream at once; what is queued on it is dropped.
  public func reset(_ stream: HTTP2Stream, code: HTTP2ErrorCode) {
    // A second reset of a request that is still queued would reach the wire without its HEADERS (nghttp2 1.52 cancels only
    // once), and a server answers RST_STREAM on an idle stream with the end of the connection.
    guard !stream.isClosed, !stream.isResetQueued else { return }
    stream.isResetQueued = true
    library.reset(stream.id, code: code)
  }

  /// Server: when the answer has been sent whole and the request has still not ended, asks the client to stop
  /// (RST_STREAM, RFC 9113 §8.1).
  public func resetAfterEnd(_ stream: HTTP2Stream, code: HTTP2ErrorCode) {
    guard !stream.isClosed, !stream.isEndReceived else { return }
    stream.resetAfterEnd = code
    if stream.isEndSent { reset(stream, code: code) }
  }

  /// Gives the peer credit for content that has been consumed.
  public func consumed(_ byteCount: Int, on stream: HTTP2Stream) {
    guard !stream.isClosed else { return }
    stream.outstandingBytes -= byteCount
    library.consume(byteCount, on: stream.id)
    if !stream.isEndReceived,
      let window = growth.consumed(byteCount, of: &stream.window, outstandingBytes: stream.outstandingBytes)
    {
      library.setWindow(window, on: stream.id)
    }
    release(byteCount)
  }

  // MARK: Life

  /// Streams that are open now.
  public var openStreamCount: Int { streams.count }

  /// Live streams, in no particular order.
  public var openStreams: [HTTP2Stream] { streams }

  /// SETTINGS_MAX_CONCURRENT_STREAMS of the peer; 100 until it has said one.
  public var peerMaximumConcurrentStreams: Int { library.peerMaximumConcurrentStreams }

  /// Whether the peer, a server, has said that it takes extended CONNECT (RFC 8441 §3).
  public var peerTakesExtendedConnect: Bool { library.isExtendedConnectAllowed }

  /// Whether a further request could be submitted: stream identifiers are left and no GOAWAY has come.
  public var mayOpen: Bool { condition == .open && drainStep == .none && library.isRequestAllowed }

  /// Takes no new streams from now on; `isFinished` becomes true when the open ones are over.
  ///
  /// A server says so twice (RFC 9113 §6.8): a notice first, and a round trip later, when no request can be under way that has
  /// not been seen, the number of the last stream that it answers.
  public func drain() {
    guard drainStep == .none, condition == .open else { return }
    switch role {
    case .server:
      drainStep = .noticeSent
      library.submitShutdownNotice()
      library.submitPing()
    case .client:
      drainStep = .finalSent
      library.submitGoAway()
    }
  }

  /// Client: asks the server for a sign of life (PING, RFC 9113 §6.7). A server's only PING is the one of `drain`.
  public func ping() {
    guard condition == .open else { return }
    library.submitPing()
  }

  /// Ends the connection at once with GOAWAY.
  public func terminate(_ code: HTTP2ErrorCode) {
    guard condition == .open else { return }
    condition = .terminating
    library.terminate(code)
  }

  // MARK: Called by the callbacks' methods

  func adopt(_ stream: HTTP2Stream) {
    stream.index = streams.count
    streams.append(stream)
  }

  func forget(_ stream: HTTP2Stream) {
    stream.isClosed = true
    release(stream.outstandingBytes)
    stream.outstandingBytes = 0
    growth.release(stream.window)
    let last = streams.removeLast()
    if last !== stream {
      streams[stream.index] = last
      last.index = stream.index
    }
  }

  func reportTaken(_ stream: HTTP2Stream) {
    guard stream.takenBytes > 0 else { return }
    events.append(.bodyTaken(stream, byteCount: stream.takenBytes))
    stream.takenBytes = 0
  }

  /// The library has found the connection broken and sent GOAWAY by itself.
  func libraryTerminated(_ code: HTTP2ErrorCode, reason: String) {
    guard condition == .open else { return }
    condition = .terminating
    events.append(.refused(nil, .connectionError(reason.isEmpty ? code.description : "\(code): \(reason)")))
  }

  func pingAcknowledged() {
    guard drainStep == .noticeSent else { return }
    drainStep = .finalSent
    library.submitGoAway()
  }

  /// Counts content that was received and decides whether the connection's window is refilled at once.
  func countReceived(_ byteCount: Int, on stream: HTTP2Stream) {
    stream.outstandingBytes += byteCount
    outstandingBytes += byteCount
    if outstandingBytes <= configuration.budgetBytes {
      library.consumeConnection(byteCount)
    } else {
      withheldCreditBytes += byteCount
    }
  }

  private func release(_ byteCount: Int) {
    outstandingBytes -= byteCount
    if withheldCreditBytes > 0, outstandingBytes <= configuration.budgetBytes {
      library.consumeConnection(withheldCreditBytes)
      withheldCreditBytes = 0
    }
  }

  private func resume(_ stream: HTTP2Stream) {
    guard stream.isDeferred else { return }
    stream.isDeferred = false
    library.resume(stream.id)
  }

  private enum Condition {
    /// Frames are exchanged.
    case open
    /// GOAWAY is to be sent, nothing is received.
    case terminating
    /// The library can no longer be called for output.
    case broken
  }

  private enum DrainStep {
    case none, noticeSent, finalSent
  }

  /// Memory that a piece may have without use, so that small answers are not copied once more.
  private static let largestSpareBytes = 8 * 1024
  /// With one more frame of 16 KiB it fills a buffer of 32 KiB.
  private static let firstPieceBytes = 15 * 1024
  /// More than a stream's first window and a socket's buffers.
  private static let provenReaderBytes = 1024 * 1024
}
