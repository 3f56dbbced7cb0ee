import HTTPMessage
public import QUICTransport

/// A request as it was sent in early data, kept until the server has decided (RFC 8470 §3). Its content needs no copy: nothing can be
/// acknowledged before the decision, so all of it is still held; how much that is, the remembered limits of the server bound.
struct EarlyRequest {
  let fields: FieldSection
  let hasContent: Bool
  var trailers: FieldSection?
}

extension HTTP3Session {
  public func earlyDataDecided(isAccepted: Bool, on transport: any StreamTransport) throws(ApplicationError) {
    guard isEarly else { return }
    isEarly = false
    if isAccepted {
      for stream in streams.values { stream.earlyRequest = nil }
    } else {
      try beginAgain(on: transport)
    }
    // Requests that may not leave as early data waited for this.
    if role == .client { sessionEvents.append(.streamsAvailable) }
  }

  /// Sends every request once more, in the order of the first time. The server's limits may be lower now than they were remembered.
  private func beginAgain(on transport: any StreamTransport) throws(ApplicationError) {
    let refused = streams.values.sorted { $0.libraryID < $1.libraryID }
    library = nil
    streams.removeAll()
    recentStream = nil
    turns = SendTurns()
    pendingAborts.removeAll()
    pendingCredit.removeAll()
    peerUnidirectionalStreams.removeAll()
    failure = nil
    try begin(on: transport)
    for stream in refused {
      // Given up by its owner meanwhile.
      guard !stream.outgoing.isShut else {
        recordClosed(stream, code: HTTP3ErrorCode.requestCancelled.rawValue)
        continue
      }
      stream.isWaitingForStream = true
      stream.outgoing.rewind()
      waitingForStreams.append(stream)
    }
    try openWaiting(on: transport)
  }

  /// Gives streams to the requests that wait for one, as far as the peer allows.
  func openWaiting(on transport: any StreamTransport) throws(ApplicationError) {
    guard let library else { return }
    while let stream = waitingForStreams.first, let request = stream.earlyRequest, let id = transport.openBidirectionalStream() {
      waitingForStreams.removeFirst()
      stream.isWaitingForStream = false
      stream.earlyRequest = nil
      stream.id = id
      stream.libraryID = mapping.libraryID(id)
      streams[stream.libraryID] = stream
      try library.submitRequest(request.fields, on: stream, hasContent: request.hasContent)
      if let trailers = request.trailers { try library.submitTrailers(trailers, on: stream) }
    }
    transport.setNeedsWrite()
  }

  /// The owner wants no answer to a request that has no stream.
  func giveUpWaiting(_ stream: HTTP3Stream) {
    waitingForStreams.removeAll { $0 === stream }
    stream.isWaitingForStream = false
    shutOutgoing(stream)
    recordClosed(stream, code: HTTP3ErrorCode.requestCancelled.rawValue)
  }
}
