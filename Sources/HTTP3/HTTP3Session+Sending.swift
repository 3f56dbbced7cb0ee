public import HTTPMessage
public import NIOCore
import QUICTransport

/// What the owner does with messages. Nothing leaves before the connection's next write pass, so a head, its content and its
/// end that are given in one turn share a packet.
extension HTTP3Session {
  /// Opens a stream and sends a request's head on it (clients).
  ///
  /// With `bodyLength` `.none` the message is complete with its head; otherwise `finish(_:trailers:)` ends it.
  /// - Returns: nil when no request can be opened now (`canOpenRequest`); `streamsAvailable` comes when one can.
  public func submitRequest(_ head: RequestHead) -> HTTP3Stream? {
    precondition(role == .client, "only a client sends requests")
    guard canOpenRequest, let transport, let library, let id = transport.openBidirectionalStream() else { return nil }
    let stream = HTTP3Stream(
      id: id, libraryID: mapping.libraryID(id), isLocal: true, windowBytes: configuration.initialStreamWindowBytes)
    stream.incoming.isAnswerToHead = head.isHead
    stream.incoming.isAnswerToConnect = head.isConnect
    stream.outgoing.isHeadSubmitted = true
    stream.outgoing.isEnding = head.bodyLength == .none
    stream.outgoing.priority = SendPriority(Priority(head.fields), isCall: head.isGRPC)
    streams[stream.libraryID] = stream
    if isEarly { stream.earlyRequest = EarlyRequest(fields: head.fields, hasContent: head.bodyLength != .none) }
    do {
      try encoderStream?.sendsHead()
      try library.submitRequest(head.fields, on: stream, hasContent: head.bodyLength != .none)
    } catch {
      // The library may know the stream already; the connection closes with this at its next write.
      failure = error
      shutOutgoing(stream)
      transport.setNeedsWrite()
      return nil
    }
    if expectsContent(head) { openWindow(of: stream, on: transport) }
    transport.setNeedsWrite()
    return stream
  }

  /// Sends an interim response (servers; RFC 9110 §15.2).
  public func submitInterim(_ head: ResponseHead, on stream: HTTP3Stream) {
    guard !stream.outgoing.isShut, !stream.outgoing.isHeadSubmitted else { return }
    attempt { library throws(ApplicationError) in try library.submitInterim(head.fields, on: stream) }
  }

  /// Sends the final response's head (servers); `bodyLength` as for requests. What its Priority field says wins over the
  /// request's (RFC 9218 §8).
  public func submitResponse(_ head: ResponseHead, on stream: HTTP3Stream) {
    guard !stream.outgoing.isShut, !stream.outgoing.isHeadSubmitted else { return }
    stream.outgoing.isHeadSubmitted = true
    stream.outgoing.isEnding = head.bodyLength == .none
    if stream.incoming.isConnect, (200..<300).contains(head.status) { becameTunnel(stream) }
    let said = Priority(head.fields)
    let isNews = said != Priority()
    if isNews { stream.outgoing.priority = stream.outgoing.priority.merged(with: said) }
    attempt { library throws(ApplicationError) in
      if isNews { try library.setPriority(stream.outgoing.priority, of: stream.libraryID) }
      try encoderStream?.sendsHead()
      try library.submitResponse(head.fields, on: stream, hasContent: head.bodyLength != .none)
    }
  }

  /// Sends content. Every call is taken; `HTTP3Event.sent` says when bytes left, and a producer keeps to a limit of bytes that
  /// have not.
  public func sendBody(_ chunk: ByteBuffer, on stream: HTTP3Stream) {
    guard stream.outgoing.isHeadSubmitted, !stream.outgoing.isShut, !stream.outgoing.isEnding else { return }
    stream.outgoing.content.append(chunk)
    wake(stream)
  }

  /// Ends our message, with trailers if there are any.
  public func finish(_ stream: HTTP3Stream, trailers: FieldSection? = nil) {
    guard stream.outgoing.isHeadSubmitted, !stream.outgoing.isShut, !stream.outgoing.isEnding else { return }
    stream.outgoing.isEnding = true
    if let trailers, !trailers.isEmpty {
      stream.outgoing.hasTrailers = true
      stream.earlyRequest?.trailers = trailers
      if !stream.isWaitingForStream {
        attempt { library throws(ApplicationError) in try library.submitTrailers(trailers, on: stream) }
      }
    }
    wake(stream)
  }

  /// Aborts both directions (RFC 9114 §4.1.1). Only `closed` follows on this stream.
  public func reset(_ stream: HTTP3Stream, _ code: HTTP3ErrorCode) {
    _ = stream.incoming.stop()
    stream.window.abandoned(budget: &budget)
    shutOutgoing(stream)
    guard !stream.isClosed else { return settleStreamLimit() }
    if stream.isWaitingForStream { return giveUpWaiting(stream) }
    attempt { library throws(ApplicationError) in
      try library.shutdownRead(stream.libraryID)
      library.shutdownWrite(stream.libraryID)
    }
    transport?.resetStream(stream.id, code: code.rawValue)
  }

  /// Reads no more of the peer's message (STOP_SENDING); our side goes on. A server that has answered without needing the
  /// rest of the request uses `H3_NO_ERROR` (RFC 9114 §4.1).
  public func stopReading(_ stream: HTTP3Stream, _ code: HTTP3ErrorCode) {
    guard !stream.incoming.isStopped else { return }
    let isPeerDone = stream.incoming.isPeerDone
    _ = stream.incoming.stop()
    stream.window.abandoned(budget: &budget)
    guard !stream.isClosed, !isPeerDone else { return settleStreamLimit() }
    if stream.isWaitingForStream { return giveUpWaiting(stream) }
    attempt { library throws(ApplicationError) in try library.shutdownRead(stream.libraryID) }
    transport?.stopReading(stream.id, code: code.rawValue)
  }

  /// The reader has taken content: the peer may send as much again, or more when the window grows.
  public func consumed(_ byteCount: Int, on stream: HTTP3Stream) {
    let wasExhausted = budget.isExhausted
    budget.openWindowBytes = streams.count * configuration.initialStreamWindowBytes
    let credit = stream.window.consumed(
      byteCount, maximumBytes: configuration.maximumStreamWindowBytes, budget: &budget)
    if budget.wantsRoundTrip, let transport { budget.linkTakes(transport.minimumRoundTrip) }
    if wasExhausted { settleStreamLimit() }
    guard credit > 0, !stream.isClosed, !stream.isWaitingForStream, !stream.incoming.isEnded, let transport else { return }
    transport.extendStreamCredit(stream.id, by: credit)
    transport.setNeedsWrite()
  }

  /// Nothing more goes out on the stream; bytes under way stay in memory until it is closed.
  func shutOutgoing(_ stream: HTTP3Stream) {
    stream.outgoing.isShut = true
    stream.outgoing.content.discardUnoffered()
  }

  func becameTunnel(_ stream: HTTP3Stream) {
    guard !stream.isTunnel, !stream.isClosed else { return }
    stream.isTunnel = true
    openTunnelCount += 1
  }

  /// Whether the answer may be bulk. A call's is small, a tunnel's comes when it likes, and what goes early may have to be sent again
  /// on another stream.
  private func expectsContent(_ head: RequestHead) -> Bool {
    !isEarly && !head.isHead && !head.isConnect && !head.isGRPC
  }

  private func openWindow(of stream: HTTP3Stream, on transport: any StreamTransport) {
    let credit = stream.window.opened(maximumBytes: configuration.maximumStreamWindowBytes, budget: &budget)
    if credit > 0 { transport.extendStreamCredit(stream.id, by: credit) }
  }

  /// There is something to ask for again on a stream whose producer was behind.
  private func wake(_ stream: HTTP3Stream) {
    guard stream.outgoing.isWaiting, !stream.outgoing.isBlocked, !stream.isWaitingForStream else { return }
    stream.outgoing.isWaiting = false
    attempt { library throws(ApplicationError) in try library.resume(stream.libraryID) }
  }
}
