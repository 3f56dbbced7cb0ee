internal import CNghttp3
public import QUICTransport

/// The connection's calls. Most come from inside ngtcp2's callbacks, so they record and do not call back.
extension HTTP3Session: StreamApplication {
  public func start(on transport: any StreamTransport) throws(ApplicationError) {
    guard library == nil else {
      throw ApplicationError(code: HTTP3ErrorCode.internalError.rawValue, reason: "an HTTP/3 session is started once")
    }
    isEarly = transport.isEarly
    try begin(on: transport)
  }

  /// Makes the library's side and the three streams that it needs (RFC 9114 §6.2).
  func begin(on transport: any StreamTransport) throws(ApplicationError) {
    mapping = StreamIDMapping(role: role, isQUICClient: transport.isClient)
    let library = try LibraryConnection(role: role, configuration: configuration, session: self)
    guard let control = transport.openUnidirectionalStream(), let encoder = transport.openUnidirectionalStream(),
      let decoder = transport.openUnidirectionalStream()
    else {
      throw ApplicationError(
        code: HTTP3ErrorCode.streamCreationError.rawValue,
        reason: "the peer allows fewer than three unidirectional streams (RFC 9114 §6.2)")
    }
    try library.bind(
      control: mapping.libraryID(control), encoder: mapping.libraryID(encoder), decoder: mapping.libraryID(decoder))
    if role == .server { library.setMaximumRequestStreams(grantedRequestStreams) }
    encoderStream = EncoderStream(id: encoder)
    decoderStream = DecoderStream(id: decoder)
    library.block(mapping.libraryID(decoder))
    self.transport = transport
    self.library = library
    if role == .client { sessionEvents.append(.streamsAvailable) }
    transport.setNeedsWrite()
  }

  public func receive(
    _ bytes: UnsafeRawBufferPointer, on stream: StreamID, isFinal: Bool, isEarly: Bool
  ) throws(ApplicationError) {
    guard let library else { throw notStarted() }
    if stream.isUnidirectional {
      unsafe identify(stream, bytes)
    } else if bytes.count == 0, isFinal, known(stream) == nil {
      // nghttp3 would close the connection; RFC 9114 §4.1 makes it an error of the stream.
      sessionEvents.append(.refused(.incomplete))
      pendingAborts.append(Abort(stream: stream, code: .requestIncomplete))
      isUnsettled = true
      return
    }
    isReceivingEarly = isEarly
    let result = unsafe library.read(bytes, on: mapping.libraryID(stream), isFinal: isFinal)
    guard result >= 0 else { return try failedToRead(Int32(truncatingIfNeeded: result), on: stream) }
    guard result > 0, !isFinal else { return }
    pendingCredit.append((stream, result))
    isUnsettled = true
  }

  public func acknowledged(_ byteCount: Int, on stream: StreamID) {
    record { library throws(ApplicationError) in try library.acknowledge(byteCount, on: mapping.libraryID(stream)) }
  }

  public func peerReset(_ stream: StreamID, code: UInt64) throws(ApplicationError) {
    guard let library else { throw notStarted() }
    guard !stream.isUnidirectional else { return try unidirectionalStreamEnded(stream, code: code) }
    try library.shutdownRead(mapping.libraryID(stream))
    guard let known = known(stream), !known.incoming.isStopped else { return }
    discard(known, ending: .reset(HTTP3ErrorCode(rawValue: code)))
    dropUntaken(known)
    enlist(known)
  }

  public func peerStoppedReading(_ stream: StreamID, code: UInt64) throws(ApplicationError) {
    guard let library else { throw notStarted() }
    guard !stream.isUnidirectional else {
      throw ApplicationError(
        code: HTTP3ErrorCode.closedCriticalStream.rawValue,
        reason: "the peer stopped reading a critical stream (RFC 9114 §6.2.1)")
    }
    library.shutdownWrite(mapping.libraryID(stream))
    guard let known = known(stream), !known.outgoing.isShut else { return }
    shutOutgoing(known)
    known.outgoing.stoppedByPeer = HTTP3ErrorCode(rawValue: code)
    dropUntaken(known)
    enlist(known)
  }

  public func closed(_ stream: StreamID, code: UInt64?) throws(ApplicationError) {
    guard let library else { return }
    guard !stream.isUnidirectional else { return try unidirectionalStreamEnded(stream, code: code) }
    if role == .server, mapping.isRequestStream(stream) {
      closedPeerStreams += 1
      isUnsettled = true
    }
    decoderStream?.owes()
    if recentStream?.id == stream { recentStream = nil }
    let result = library.close(mapping.libraryID(stream), code: code ?? HTTP3ErrorCode.noError.rawValue)
    guard result == 0 || result == NGHTTP3_ERR_STREAM_NOT_FOUND else { throw ApplicationError(library: result) }
  }

  public func peerExtendedStreamLimit(bidirectionalMaximum: UInt64) {
    guard role == .client, library != nil else { return }
    if !waitingForStreams.isEmpty, let transport {
      record { _ throws(ApplicationError) in try openWaiting(on: transport) }
    }
    sessionEvents.append(.streamsAvailable)
  }

  public func unblocked(_ stream: StreamID) {
    if stream == decoderStream?.id {
      decoderStream?.isBlocked = false
      return
    }
    let libraryID = mapping.libraryID(stream)
    record { library throws(ApplicationError) in try library.unblock(libraryID) }
    if stream == encoderStream?.id { encoderStream = EncoderStream(id: stream) }
    guard let known = known(stream) else { return }
    known.outgoing.isBlocked = false
    let hasNews = known.outgoing.isWaiting && (known.outgoing.content.unofferedBytes > 0 || known.outgoing.isEnding)
    guard hasNews || known.outgoing.turn == .granted else { return }
    known.outgoing.isWaiting = false
    record { library throws(ApplicationError) in try library.resume(libraryID) }
  }

  public func nextWrite(into vectors: UnsafeMutableBufferPointer<StreamBytes>) throws(ApplicationError) -> StreamWrite? {
    if let failure { throw failure }
    guard let library else { return nil }
    if turns.isOverdue { _ = try grantTurn(library) }
    while true {
      isProducerBehind = false
      guard let offer = unsafe try library.nextWrite(into: vectors) else {
        // nghttp3 also says «nothing» when only the stream that it chose has nothing; it asks the next one when asked again.
        if isProducerBehind { continue }
        if try grantTurn(library) { continue }
        guard try releaseDecoderStream(library) else { return nil }
        continue
      }
      let stream = mapping.stream(offer.stream)
      decoderStream?.offered(stream)
      return StreamWrite(
        stream: stream, vectorCount: offer.vectorCount, isFinal: offer.isFinal,
        isInteractive: !(known(stream)?.outgoing.isBulk ?? false))
    }
  }

  public func wrote(_ byteCount: Int, on stream: StreamID) throws(ApplicationError) {
    guard let library else { throw notStarted() }
    try library.addWriteOffset(byteCount, on: mapping.libraryID(stream))
    if let known = known(stream), !known.outgoing.isBulk { turns.wroteInteractive(byteCount) }
  }

  public func writeBlocked(_ stream: StreamID) {
    library?.block(mapping.libraryID(stream))
    if stream == encoderStream?.id { encoderStream?.isBlocked = true }
    if stream == decoderStream?.id { decoderStream?.isBlocked = true }
    known(stream)?.outgoing.isBlocked = true
  }

  public func writeShut(_ stream: StreamID) {
    library?.shutdownWrite(mapping.libraryID(stream))
    guard let known = known(stream), !known.outgoing.isShut else { return }
    // STOP_SENDING came before the request: its owner could not be told then.
    shutOutgoing(known)
    known.outgoing.stoppedByPeer = .requestCancelled
    enlist(known)
  }
}

extension HTTP3Session {
  /// The stream of an identifier; usually the one that the last call was about.
  func known(_ stream: StreamID) -> HTTP3Stream? {
    if let recentStream, recentStream.id == stream { return recentStream }
    guard let found = streams[mapping.libraryID(stream)] else { return nil }
    recentStream = found
    return found
  }

  /// A request that is given up before anybody looked at it costs nothing but this.
  private func dropUntaken(_ stream: HTTP3Stream) {
    guard !stream.isAnnounced else { return }
    stream.incoming.dropHead()
    discard(stream, ending: .reset(.requestCancelled))
    abort(stream, .requestCancelled)
  }

  private func grantTurn(_ library: LibraryConnection) throws(ApplicationError) -> Bool {
    guard let stream = turns.grant() else { return false }
    try library.resume(stream.libraryID)
    return true
  }

  /// - Returns: whether the decoder's stream may say something now.
  private func releaseDecoderStream(_ library: LibraryConnection) throws(ApplicationError) -> Bool {
    guard let id = decoderStream?.id, let step = decoderStream?.companyEnded() else { return false }
    switch step {
    case .wait:
      return false
    case .hold:
      library.block(mapping.libraryID(id))
      return false
    case .release:
      try library.unblock(mapping.libraryID(id))
      return true
    }
  }

  /// Follows the type at the beginning of a unidirectional stream: until it is complete the stream may be closed at will.
  private func identify(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer) {
    guard let first = unsafe bytes.first else { return }
    // The two high bits of a variable-length integer give its length (RFC 9000 §16).
    let missing = peerUnidirectionalStreams[stream] ?? 1 << (first >> 6)
    guard missing > 0 || peerUnidirectionalStreams[stream] == nil else { return }
    peerUnidirectionalStreams[stream] = max(0, missing - bytes.count)
  }

  private func unidirectionalStreamEnded(_ stream: StreamID, code: UInt64?) throws(ApplicationError) {
    guard peerUnidirectionalStreams[stream] == 0, let library else { return }
    peerUnidirectionalStreams[stream] = nil
    let result = library.close(mapping.libraryID(stream), code: code ?? HTTP3ErrorCode.noError.rawValue)
    guard result == 0 || result == NGHTTP3_ERR_STREAM_NOT_FOUND else { throw ApplicationError(library: result) }
  }

  private func failedToRead(_ result: Int32, on stream: StreamID) throws(ApplicationError) {
    // RFC 9114 §4.1.2: a malformed message is an error of its stream. nghttp3 reports it without having changed anything else.
    if result == NGHTTP3_ERR_MALFORMED_HTTP_MESSAGING, let known = known(stream) {
      return reject(known, .malformed)
    }
    throw ApplicationError(library: result)
  }

  private func notStarted() -> ApplicationError {
    ApplicationError(code: HTTP3ErrorCode.internalError.rawValue, reason: "stream data before the HTTP/3 session was started")
  }

  /// Calls the library from inside a call of the connection.
  private func record(_ body: (LibraryConnection) throws(ApplicationError) -> Void) {
    guard let library else { return }
    do {
      try body(library)
    } catch {
      failure = error
    }
  }
}
