internal import CNgtcp2
public import NIOCore

// The timer that makes a sender ask whether anything of what it has sent is there: the probe timeout (PTO) of RFC 9002 §6.2.
extension Connection {
  /// Sends a probe (RFC 9002 §6.2.4) now if something is under way, and not when the probe timeout, doubled with each one that
  /// was not answered, says so.
  ///
  /// After a black-out of 10 s the next probe may be as far away as that again, and a full congestion window holds everything
  /// else back. Whoever knows that the path works again calls this.
  public func probe(now: NIODeadline) {
    guard isOpen, closeOrder == nil, isHandshakeConfirmed else { return }
    self.now = now
    if expireProbeTimer(within: .max) { setNeedsWrite() }
  }

  /// Makes ngtcp2 act as if its probe timer had expired: it sends two packets of its oldest data that was not acknowledged, which the
  /// congestion window does not hold back.
  ///
  /// ngtcp2 0.12 has no verb for it, does nothing of the kind when the client's address changes, and with a full window holds even
  /// PATH_CHALLENGE back until that timer expires. So the time that it would expire at is given to it early.
  ///
  /// - Parameter limit: a timer that is further away, in nanoseconds, is left alone: other timers see that time, too.
  /// - Returns: false when nothing is in flight, or the timer is too far away.
  func expireProbeTimer(within limit: UInt64) -> Bool {
    isAheadOfTime = true
    defer { isAheadOfTime = false }
    for _ in 0..<2 {
      let before = statistics
      let due = before.loss_detection_timer
      guard due != .max, due - min(due, now.uptimeNanoseconds) <= limit else { return false }
      let time = max(due, now.uptimeNanoseconds + probeTimeout)
      // By then the connection would be over.
      guard time < (lastReceived ?? now).uptimeNanoseconds + idleNanoseconds else { return false }
      let result = unsafe ngtcp2_conn_handle_expiry(conn, time)
      guard result == 0 else {
        fail(result)
        return false
      }
      // The timer of an acknowledgement that is owed counts as expired, too, though it was not yet due.
      acknowledgementDue = now.advanced(byNanoseconds: configuration.maximumAcknowledgementDelay.nanoseconds + 1)
      // At first it may have been the timer of packets that others have overtaken (§6.1.2), which within a timeout are lost.
      if statistics.pto_count > before.pto_count { return true }
    }
    return false
  }

  /// In nanoseconds, without backing off.
  var probeTimeout: UInt64 { unsafe ngtcp2_conn_get_pto(conn) }

  /// The shorter one of both ends' idle timeouts (RFC 9000 §10.1).
  private var idleNanoseconds: UInt64 {
    let own = configuration.idleTimeout.nanoseconds
    guard let peer = unsafe ngtcp2_conn_get_remote_transport_params(conn) else { return own }
    let theirs = unsafe peer.pointee.max_idle_timeout
    return theirs == 0 ? own : min(own, theirs)
  }
}
