import HTTPMessage
import QUICTransport

/// What was recorded inside the connection's calls and needs calls back into it.
extension HTTP3Session {
  /// Does everything that is due towards the transport.
  func settle() {
    isUnsettled = false
    guard let transport else { return }
    if !pendingAborts.isEmpty {
      for abort in pendingAborts { settle(abort, on: transport) }
      pendingAborts.removeAll(keepingCapacity: true)
      transport.setNeedsWrite()
    }
    if !pendingRefusals.isEmpty {
      let refused = pendingRefusals
      pendingRefusals.removeAll()
      for stream in refused { answerFieldsTooLarge(stream) }
    }
    if !pendingCredit.isEmpty {
      for credit in pendingCredit { transport.extendStreamCredit(credit.stream, by: credit.byteCount) }
      pendingCredit.removeAll(keepingCapacity: true)
      transport.setNeedsWrite()
    }
    settleStreamLimit()
  }

  /// Lets the peer open as many streams as it has closed, unless readers hold too much up.
  func settleStreamLimit() {
    guard closedPeerStreams > 0, !budget.isExhausted, !isShuttingDown, let transport, let library else { return }
    transport.extendBidirectionalStreamLimit(by: closedPeerStreams)
    grantedRequestStreams += UInt64(closedPeerStreams)
    closedPeerStreams = 0
    if role == .server { library.setMaximumRequestStreams(grantedRequestStreams) }
    transport.setNeedsWrite()
  }

  /// The peer's message is bad: nothing more of it is told, and the stream is ended when the owner drains.
  ///
  /// A request that nobody knows yet is refused; with too many fields it gets an answer (RFC 6585 §5).
  func reject(_ stream: HTTP3Stream, _ defect: MessageDefect) {
    guard !stream.incoming.isStopped, !stream.incoming.isAborted else { return }
    discard(stream, ending: .defective(defect))
    if stream.isAnnounced {
      abort(stream, code(for: defect))
      enlist(stream)
      return
    }
    stream.incoming.dropHead()
    sessionEvents.append(.refused(defect))
    if defect == .fieldsTooLarge {
      pendingRefusals.append(stream)
      isUnsettled = true
    } else {
      abort(stream, code(for: defect))
    }
  }

  /// Ends both directions when the owner drains.
  func abort(_ stream: HTTP3Stream, _ code: HTTP3ErrorCode) {
    shutOutgoing(stream)
    pendingAborts.append(Abort(stream: stream.id, code: code))
    isUnsettled = true
  }

  func discard(_ stream: HTTP3Stream, ending: IncomingMessage.Ending) {
    let dropped = stream.incoming.end(ending)
    stream.window.discarded(dropped, budget: &budget)
  }

  private func settle(_ abort: Abort, on transport: any StreamTransport) {
    guard !abort.stream.isUnidirectional else {
      return transport.stopReading(abort.stream, code: abort.code.rawValue)
    }
    let libraryID = mapping.libraryID(abort.stream)
    attempt { library throws(ApplicationError) in
      try library.shutdownRead(libraryID)
      library.shutdownWrite(libraryID)
    }
    transport.resetStream(abort.stream, code: abort.code.rawValue)
  }

  private func answerFieldsTooLarge(_ stream: HTTP3Stream) {
    guard !stream.isClosed else { return }
    submitResponse(ResponseHead(status: 431, bodyLength: .none), on: stream)
    stopReading(stream, .noError)
  }

  private func code(for defect: MessageDefect) -> HTTP3ErrorCode {
    switch defect {
    case .malformed, .ambiguousLength, .forbiddenField: .messageError
    case .fieldsTooLarge: .excessiveLoad
    case .incomplete: .requestIncomplete
    }
  }
}
