internal import CNgtcp2
internal import Events
internal import NIOCore

// What the library's callbacks do: note, pass on to the application, return. An error is kept and acted on when the call into the
// library has returned.
extension Connection {
  /// Runs a call into the application whose error cannot be thrown through the library.
  ///
  /// - Returns: false when it threw.
  @discardableResult
  func recordFailure(_ body: () throws(ApplicationError) -> Void) -> Bool {
    do throws(ApplicationError) {
      try body()
      return true
    } catch {
      applicationFailure = applicationFailure ?? error
      return false
    }
  }

  // MARK: Handshake

  /// 1-RTT keys are here and the peer's transport parameters are known: streams can be opened.
  func recordApplicationKeys() -> Bool {
    hasApplicationKeys = true
    guard let tls else { return true }
    let name = tls.applicationProtocol
    // It may serve early data already, of the protocol that the ticket is for.
    if application != nil, applicationProtocol == name { return true }
    guard application == nil, let choice = applications.first(where: { $0.name == name }) else {
      tls.verdict = PeerVerdict(
        failure: .wrongApplicationProtocol, alert: .noApplicationProtocol,
        reason: "the peer speaks none of the application protocols (ALPN) that are served here")
      return false
    }
    applicationProtocol = name
    applications = []
    let application = choice.makeApplication(self)
    self.application = application
    return recordFailure { () throws(ApplicationError) in try application.start(on: self) }
  }

  /// Looks at the certificate of a resumed session, which comes out of the ticket and which GnuTLS does not verify.
  ///
  /// Called before anything of the peer is served and before anything is sent to it: GnuTLS hands the certificate out only after
  /// the callback in which the keys appear, so after the call into the library, or with the first early data.
  /// - Returns: false when the peer was refused.
  func verifyResumedPeer() -> Bool {
    guard let tls, hasApplicationKeys, tls.peerIdentity == nil, tls.isResumed else { return true }
    guard tls.verifyPeer() else { return false }
    if !isClient, !isHandshakeCompleted { recordEarlyDecision(tls) }
    return true
  }

  func recordHandshakeCompleted() -> Bool {
    guard let tls else { return false }
    isHandshakeCompleted = true
    isResumed = tls.isResumed
    guard verifyResumedPeer() else { return false }
    guard settleEarlyData(tls) else { return false }
    peerIdentity = tls.peerIdentity
    peerCertificateExpiry = tls.peerCertificate?.expiry
    applyKeepAlive()
    record(.handshakeCompleted(identity: peerIdentity, isResumed: isResumed))
    if isClient, earlyData != .none { record(.earlyDataAnswered(isAccepted: earlyData == .accepted)) }
    if !isClient {
      tls.sendTickets()
      recordHandshakeConfirmed()
    }
    return true
  }

  func recordHandshakeConfirmed() {
    isHandshakeConfirmed = true
    record(.handshakeConfirmed)
    unsafe endpoint?.handshakeEnded(self)
  }

  // MARK: Streams

  func recordStreamOpened(_ stream: StreamID) {
    if !stream.isUnidirectional { counts.openStreams += 1 }
  }

  func recordStreamData(_ bytes: UnsafeRawBufferPointer, on stream: StreamID, isFinal: Bool, isEarly: Bool) -> Bool {
    if isEarly, !verifyResumedPeer() { return false }
    unsafe ngtcp2_conn_extend_max_offset(conn, UInt64(bytes.count))
    return recordFailure { () throws(ApplicationError) in
      try unsafe application?.receive(bytes, on: stream, isFinal: isFinal, isEarly: isEarly)
    }
  }

  /// An ACK frame acknowledges many packets, one by one and mostly of one stream: the application hears of them together.
  func recordAcknowledged(_ byteCount: Int, upTo end: UInt64, on stream: StreamID) {
    if acknowledged.stream != stream { reportAcknowledged() }
    acknowledged.stream = stream
    acknowledged.byteCount += byteCount
    acknowledged.end = end
  }

  /// Tells the application what was acknowledged: after the datagram, and before a stream is closed.
  func reportAcknowledged() {
    let byteCount = acknowledged.byteCount
    guard byteCount > 0 else { return }
    acknowledged.byteCount = 0
    noteLosses(on: acknowledged.stream, isOver: false)
    if keepsRepairs { repairs.acknowledged(acknowledged.stream, upTo: acknowledged.end) }
    application?.acknowledged(byteCount, on: acknowledged.stream)
  }

  func recordStreamClosed(_ stream: StreamID, code: UInt64?) -> Bool {
    reportAcknowledged()
    if !stream.isUnidirectional { counts.openStreams -= 1 }
    noteLosses(on: stream, isOver: true)
    repairs.closed(stream)
    return recordFailure { () throws(ApplicationError) in try application?.closed(stream, code: code) }
  }
}
