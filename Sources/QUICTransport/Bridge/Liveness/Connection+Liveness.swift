internal import CNgtcp2
public import NIOCore

extension Connection {
  /// What tells whether the peer still answers.
  public struct Signs: Sendable, Equatable {
    /// When the last datagram for one of our connection IDs came; nil before the first.
    public var lastReceived: NIODeadline?
    /// Whether something is under way that the peer has to acknowledge.
    public var isAwaitingAcknowledgement: Bool

    public init(lastReceived: NIODeadline?, isAwaitingAcknowledgement: Bool) {
      self.lastReceived = lastReceived
      self.isAwaitingAcknowledgement = isAwaitingAcknowledgement
    }
  }

  /// Reads the signs of life; costs a copy of the library's statistics.
  ///
  /// Whether a datagram could be decrypted is not told by the library. One that was made up needs a connection ID that only
  /// somebody on the path has seen, who could as well let the real ones through.
  public var signs: Signs {
    Signs(lastReceived: lastReceived, isAwaitingAcknowledgement: isOpen && statistics.bytes_in_flight > 0)
  }

  /// Changes the keep-alive interval: a PING leaves after so much time without a packet either way. Before the handshake is
  /// complete it takes effect then.
  public func setKeepAlive(_ interval: Duration?) {
    guard interval != keepAlive else { return }
    keepAlive = interval
    if isHandshakeCompleted { applyKeepAlive() }
  }

  /// Sends a probe (RFC 9002 §6.2.4) now if something is under way, and not when the probe timeout, doubled with each one that
  /// was not answered, says so.
  ///
  /// After a black-out of 10 s the next probe may be as far away as that again, and a full congestion window holds everything
  /// else back. Whoever knows that the path works again calls this. ngtcp2 has no verb for it, so it is told the time at which
  /// its loss detection timer expires; one that is further away than the idle timeout is left alone.
  public func probe(now: NIODeadline) {
    guard isOpen, closeOrder == nil, isHandshakeConfirmed else { return }
    let statistics = statistics
    guard statistics.bytes_in_flight > 0, let timer = NIODeadline(timestamp: statistics.loss_detection_timer), timer > now,
      timer < (lastReceived ?? now).advanced(byNanoseconds: idleNanoseconds)
    else { return }
    self.now = now
    let result = unsafe ngtcp2_conn_handle_expiry(conn, timer.uptimeNanoseconds)
    if result != 0 { fail(result) }
    // The timer for an acknowledgement that is owed counts as expired, too, though it was not yet due.
    acknowledgementDue = now.advanced(byNanoseconds: configuration.maximumAcknowledgementDelay.nanoseconds + 1)
    setNeedsWrite()
  }

  /// Forgets an attempt to connect of which the peer has never been heard, without a datagram more.
  public func discard(reason: String) {
    guard lastReceived == nil else { return close(applicationCode: 0, reason: reason) }
    end(ConnectionClosure(cause: .end(.closedByUs), reason: reason))
  }

  /// Notes that a datagram has come. After a long silence with something under way the path has just come back, and what was lost
  /// meanwhile is sent again at once.
  func noteReceived() {
    let before = lastReceived
    lastReceived = now
    guard let before, now >= before + Connection.longSilence else { return }
    probe(now: now)
  }

  /// ngtcp2 0.12 aborts when keep-alive is set before the handshake is complete and early data goes out.
  func applyKeepAlive() {
    unsafe ngtcp2_conn_set_keep_alive_timeout(conn, keepAlive?.nanoseconds ?? 0)
    enroll()
  }

  /// The shorter one of both ends' idle timeouts (RFC 9000 §10.1).
  private var idleNanoseconds: UInt64 {
    let own = configuration.idleTimeout.nanoseconds
    guard let peer = unsafe ngtcp2_conn_get_remote_transport_params(conn) else { return own }
    let theirs = unsafe peer.pointee.max_idle_timeout
    return theirs == 0 ? own : min(own, theirs)
  }

  /// Well above the probe timeouts of a path that works.
  private static let longSilence = TimeAmount.seconds(1)
}
