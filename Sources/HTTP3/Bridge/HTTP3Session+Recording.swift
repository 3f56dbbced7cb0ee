internal import CNghttp3
import HTTPMessage
import NIOCore
import QUICTransport

/// What nghttp3's callbacks record.
extension HTTP3Session {
  /// HEADERS began on a stream that has no object: a request.
  func recordRequestBegan(on libraryID: Int64) {
    guard role == .server, streams[libraryID] == nil, let library else { return }
    let stream = HTTP3Stream(
      id: mapping.stream(libraryID), libraryID: libraryID, isLocal: false, windowBytes: configuration.initialStreamWindowBytes)
    stream.incoming.isEarly = isReceivingEarly
    stream.incoming.fields.begin()
    streams[libraryID] = stream
    library.setUserData(stream)
    recentStream = stream
  }

  func recordField(
    token: Int32, name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, neverIndexed: Bool, on stream: HTTP3Stream
  ) {
    let defect = unsafe stream.incoming.fields.append(
      token: token, name: name, value: value, neverIndexed: neverIndexed, limits: configuration.limits)
    // At once: the rest of an endless section is not waited for.
    if let defect { reject(stream, defect) }
  }

  func recordHeadEnded(on stream: HTTP3Stream, isFinal: Bool) {
    stream.incoming.fields.finish()
    guard !stream.incoming.isStopped, !stream.incoming.isEnded else { return }
    if let defect = stream.incoming.fields.defect { return reject(stream, defect) }
    let isConnect = stream.incoming.fields.isConnect
    let contentLength = stream.incoming.fields.contentLength
    let status = stream.incoming.fields.status
    let section = stream.incoming.fields.take()
    let declared: BodyLength = isFinal ? .none : contentLength.map { .known($0) } ?? .unknown
    if role == .server {
      stream.incoming.isConnect = isConnect
      let head = RequestHead(fields: section, bodyLength: isConnect && !isFinal ? .unknown : declared)
      stream.outgoing.priority = SendPriority(Priority(section), isCall: head.isGRPC)
      stream.incoming.record(head)
    } else {
      let isBodyless = stream.incoming.isAnswerToHead || ResponseHead.isBodyless(status: status)
      let isTunnel = stream.incoming.isAnswerToConnect && (200..<300).contains(status)
      if isTunnel, !isFinal { becameTunnel(stream) }
      let length: BodyLength = isBodyless ? .none : isTunnel && !isFinal ? .unknown : declared
      stream.incoming.record(ResponseHead(status: status, fieldsWithStatus: section, bodyLength: length))
      if stream.incoming.interimCount > configuration.limits.interimResponses { return reject(stream, .malformed) }
    }
    enlist(stream)
  }

  func recordTrailersEnded(on stream: HTTP3Stream) {
    stream.incoming.fields.finish()
    guard !stream.incoming.isStopped, !stream.incoming.isEnded else { return }
    if let defect = stream.incoming.fields.defect { return reject(stream, defect) }
    stream.incoming.record(trailers: stream.incoming.fields.take())
  }

  func recordContent(_ bytes: UnsafeRawBufferPointer, on stream: HTTP3Stream) {
    guard !stream.incoming.isStopped, !stream.incoming.isEnded else { return }
    stream.window.received(bytes.count)
    budget.received(bytes.count)
    stream.incoming.append(byteCount: bytes.count) { unsafe _ = $0.writeBytes(bytes) }
    enlist(stream)
  }

  func recordEnd(on stream: HTTP3Stream) {
    stream.incoming.end()
    enlist(stream)
  }

  /// Bytes of frames around the content of a stream that had waited for QPACK.
  func recordFraming(_ byteCount: Int, on libraryID: Int64, isKnown: Bool) {
    guard isKnown else { return }
    pendingCredit.append((mapping.stream(libraryID), byteCount))
    isUnsettled = true
  }

  /// nghttp3 found a head malformed.
  func recordMalformed(_ stream: HTTP3Stream) {
    if !stream.incoming.isEnded { reject(stream, .malformed) }
  }

  /// nghttp3 wants a stream ended that nobody knows: a request after GOAWAY, a unidirectional stream of unknown type.
  func recordAbort(on libraryID: Int64, code: UInt64) {
    pendingAborts.append(Abort(stream: mapping.stream(libraryID), code: HTTP3ErrorCode(rawValue: code)))
    isUnsettled = true
  }

  func recordClosed(_ stream: HTTP3Stream, code: UInt64) {
    // The list holds the object from here on; nghttp3 forgets it behind this call.
    enlist(stream)
    streams[stream.libraryID] = nil
    stream.isClosed = true
    if stream.isTunnel { openTunnelCount -= 1 }
    stream.closeCode = code == HTTP3ErrorCode.noError.rawValue ? nil : HTTP3ErrorCode(rawValue: code)
    stream.outgoing.isShut = true
    stream.outgoing.content.releaseAll()
    stream.window.closed(budget: &budget)
  }

  func recordGoAway(_ id: Int64) {
    isGoingAway = true
    guard role == .client, id != Self.shutdownNotice else {
      sessionEvents.append(.goAway(refusedFrom: nil))
      return
    }
    sessionEvents.append(.goAway(refusedFrom: mapping.stream(id)))
    for stream in streams.values where stream.libraryID >= id && !stream.incoming.isStopped {
      discard(stream, ending: .reset(.requestRejected))
      abort(stream, .requestCancelled)
      enlist(stream)
    }
  }

  /// Gives nghttp3 the next content of a stream by address, or tells it to wait.
  func provideContent(
    of stream: HTTP3Stream, into vectors: UnsafeMutableBufferPointer<nghttp3_vec>, flags: inout UInt32
  ) -> nghttp3_ssize {
    let wouldBlock = nghttp3_ssize(NGHTTP3_ERR_WOULDBLOCK)
    isProducerBehind = true
    guard !stream.outgoing.isShut else { return wouldBlock }
    guard stream.outgoing.content.unofferedBytes > 0 || stream.outgoing.isEnding else {
      stream.outgoing.isWaiting = true
      stream.outgoing.ranEmpty()
      return wouldBlock
    }
    if stream.outgoing.isBulk, stream.outgoing.turn != .granted {
      turns.park(stream)
      return wouldBlock
    }
    isProducerBehind = false
    stream.outgoing.turn = .notNeeded
    let quantum = SendTurns.quantumBytes(underWay: stream.outgoing.content.underWayBytes)
    let offered = unsafe stream.outgoing.content.offer(into: vectors, limit: quantum)
    if offered.bytes > 0 {
      stream.outgoing.offered(offered.bytes)
      enlist(stream)
    }
    if stream.outgoing.isEnding, stream.outgoing.content.unofferedBytes == 0 {
      flags |= UInt32(NGHTTP3_DATA_FLAG_EOF)
      if stream.outgoing.hasTrailers { flags |= UInt32(NGHTTP3_DATA_FLAG_NO_END_STREAM) }
    }
    return offered.vectors
  }

  /// The identifier of a GOAWAY that only announces (RFC 9114 §5.2).
  private static let shutdownNotice: Int64 = (1 << 62) - 4
}
