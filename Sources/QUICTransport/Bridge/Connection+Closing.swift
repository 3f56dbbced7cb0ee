internal import CNgtcp2
internal import Events
internal import NIOCore

extension Connection {
  /// Closes the connection with an error code of the application protocol (RFC 9000 §10.2).
  ///
  /// CONNECTION_CLOSE leaves with the next `nextBurst`; the `closed` event is told at once.
  public func close(applicationCode: UInt64, reason: String) {
    order(CloseOrder(code: .application(applicationCode), reason: reason), cause: .end(.closedByUs), reason: reason)
  }

  // MARK: Ways to the end

  /// Orders CONNECTION_CLOSE and tells the end.
  func order(_ order: CloseOrder, cause: ConnectionClosure.Cause, reason: String) {
    guard isOpen, closeOrder == nil else { return }
    closeOrder = order
    record(.closed(ConnectionClosure(cause: cause, code: order.code, reason: reason)))
    enrollForWriting()
  }

  /// Closes because the application has thrown.
  func order(_ failure: ApplicationError) {
    order(
      CloseOrder(code: .application(failure.code), reason: failure.reason), cause: .end(.protocolViolation),
      reason: failure.reason)
  }

  /// Ends the connection without a word to the peer.
  func end(_ closure: ConnectionClosure) {
    guard isOpen else { return }
    state = .ended
    if closeOrder == nil { record(.closed(closure)) }
    enroll()
  }

  /// The endpoint has seen a stateless reset for this connection (RFC 9000 §10.3.1).
  func receiveStatelessReset(now: NIODeadline) {
    self.now = now
    wasReset = true
    fail(NGTCP2_ERR_DRAINING)
  }

  /// Acts on an error of the library's.
  func fail(_ code: Int32) {
    if let applicationFailure { return order(applicationFailure) }
    switch code {
    case NGTCP2_ERR_CLOSING: break
    case NGTCP2_ERR_DRAINING: beginDraining()
    case NGTCP2_ERR_DROP_CONN, NGTCP2_ERR_RETRY:
      wasForged = true
      end(ConnectionClosure(cause: .handshake(.protocolViolation), reason: "the first packet could not be read"))
    case NGTCP2_ERR_IDLE_CLOSE: endSilently()
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT: endSilently()
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      end(
        ConnectionClosure(
          cause: .handshake(.unsupportedVersion), reason: "the peer does not speak QUIC version 1 (RFC 9000)"))
    case NGTCP2_ERR_CRYPTO: failHandshake()
    case NGTCP2_ERR_CALLBACK_FAILURE where tls?.verdict != nil: failHandshake()
    default:
      let transportCode = ngtcp2_err_infer_quic_transport_error_code(code)
      let words = describeLibrary(code)
      let end: ConnectionEnd = code == NGTCP2_ERR_CALLBACK_FAILURE ? .internalError : .protocolViolation
      let cause: ConnectionClosure.Cause = isHandshakeConfirmed ? .end(end) : .handshake(.protocolViolation)
      order(
        CloseOrder(code: .transport(transportCode), reason: words), cause: cause, reason: "the peer broke QUIC's rules: \(words)")
    }
  }

  private func endSilently() {
    let silence = "nothing was heard from \(knownPath.remote)"
    if isHandshakeConfirmed {
      end(ConnectionClosure(cause: .end(.idle), reason: "\(silence) for \(configuration.idleTimeout)"))
    } else {
      end(
        ConnectionClosure(
          cause: .handshake(.timedOut),
          reason: "\(silence) within \(configuration.handshakeTimeout); is UDP let through, and does somebody listen there?"))
    }
  }

  /// Our TLS has refused the peer.
  func failHandshake() {
    if let verdict = tls?.verdict {
      return order(
        CloseOrder(code: .transport(verdict.alert.transportCode), reason: verdict.reason), cause: .handshake(verdict.failure),
        reason: verdict.reason)
    }
    let alert = TLSAlert(rawValue: unsafe ngtcp2_conn_get_tls_alert(conn))
    let (failure, reason): (HandshakeFailure, String) =
      switch alert {
      case .certificateRequired: (.noCertificate, "the peer sent no certificate; give it one and its key")
      case .noApplicationProtocol:
        (.wrongApplicationProtocol, "the peer offers none of the application protocols (ALPN) that are served here")
      default: (.protocolViolation, "the TLS handshake failed with alert \(alert.rawValue)")
      }
    order(CloseOrder(code: .transport(alert.transportCode), reason: reason), cause: .handshake(failure), reason: reason)
  }

  // MARK: Closing and draining

  /// Writes CONNECTION_CLOSE once; the datagram is kept for the closing period (RFC 9000 §10.2.1).
  func beginClosing(_ order: CloseOrder, _ buffer: UnsafeMutableRawBufferPointer) -> ClosingPeriod {
    var close = unsafe ngtcp2_connection_close_error()
    let text = Array(order.reason.utf8.prefix(Connection.maximumReasonBytes))
    var info = ngtcp2_pkt_info()
    let written = unsafe text.withUnsafeBufferPointer { text in
      switch order.code {
      case .application(let code) where isHandshakeCompleted:
        unsafe ngtcp2_connection_close_error_set_application_error(&close, code, text.baseAddress, text.count)
      case .application:
        // RFC 9000 §10.2.3: before 1-RTT the application's code is not sent. ngtcp2 would also abort on a server that may not
        // send any more to an address that is not validated.
        unsafe ngtcp2_connection_close_error_set_transport_error(&close, UInt64(NGTCP2_APPLICATION_ERROR), nil, 0)
      case .transport(let code):
        unsafe ngtcp2_connection_close_error_set_transport_error(&close, code, text.baseAddress, text.count)
      }
      return unsafe ngtcp2_conn_write_connection_close_versioned(
        conn, &writtenPath.pointer.pointee.path, NGTCP2_PKT_INFO_VERSION, &info,
        buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), min(buffer.count, Connection.closeDatagramBytes), &close,
        now.uptimeNanoseconds)
    }
    let datagram = unsafe written > 0 ? Array(buffer[..<written]) : []
    return ClosingPeriod(datagram: datagram, path: datagram.isEmpty ? knownPath : writtenPath.path, end: endOfPeriod)
  }

  /// The peer has closed, or has lost the connection's state.
  private func beginDraining() {
    guard isOpen else { return }
    if closeOrder == nil { record(.closed(wasReset ? resetClosure : peerClosure)) }
    state = .draining(endOfPeriod)
    enroll()
  }

  /// Three times the probe timeout, RFC 9000 §10.2.
  private var endOfPeriod: NIODeadline {
    now.advanced(byNanoseconds: 3 * (unsafe ngtcp2_conn_get_pto(conn)))
  }

  private var resetClosure: ConnectionClosure {
    ConnectionClosure(
      cause: isHandshakeConfirmed ? .end(.statelessReset) : .handshake(.refusedByPeer),
      reason: "\(knownPath.remote) has lost this connection (stateless reset); it was restarted")
  }

  private var peerClosure: ConnectionClosure {
    var close = unsafe ngtcp2_connection_close_error()
    unsafe ngtcp2_conn_get_connection_close_error(conn, &close)
    let words = unsafe Connection.readable(UnsafeBufferPointer(start: close.reason, count: close.reasonlen))
    let isApplication = unsafe close.type == NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION
    let number = unsafe close.error_code
    let quoted = words.isEmpty ? "" : ": “\(words)”"
    let code: ConnectionClosure.Code = isApplication ? .application(number) : .transport(number)
    if !isApplication, let alert = TLSAlert(transportCode: number), !isHandshakeConfirmed {
      return ConnectionClosure(
        cause: .handshake(alert == .noApplicationProtocol ? .wrongApplicationProtocol : .refusedByPeer), code: code,
        reason: "the peer \(alert.meaning)\(quoted)")
    }
    // What an application says before the handshake is complete is told as APPLICATION_ERROR (RFC 9000 §10.2.3).
    let isGivenUp = !isClient && (isApplication || number == UInt64(NGTCP2_APPLICATION_ERROR))
    return ConnectionClosure(
      cause: isHandshakeConfirmed ? .end(.closedByPeer) : .handshake(isGivenUp ? .abandoned : .refusedByPeer), code: code,
      reason: "the peer closed the connection with \(isApplication ? "application" : "transport") error \(number)\(quoted)")
  }

  /// A peer's reason phrase as it may stand in a log: printable ASCII, not too long.
  private static func readable(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    unsafe String(
      decoding: bytes.prefix(maximumReasonBytes).map { (0x20..<0x7f).contains($0) && $0 != 0x22 ? $0 : 0x3f }, as: UTF8.self)
  }

  private static let maximumReasonBytes = 256
  static let closeDatagramBytes = 1200
}
