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
    anewUntil = now + Connection.revival
    probe(now: now)
  }

  /// ngtcp2 0.12 aborts when keep-alive is set before the handshake is complete and early data goes out.
  func applyKeepAlive() {
    unsafe ngtcp2_conn_set_keep_alive_timeout(conn, keepAlive?.nanoseconds ?? 0)
    enroll()
  }

  /// Well above the probe timeouts of a path that works.
  private static let longSilence = TimeAmount.seconds(1)
  private static let revival = TimeAmount.seconds(2)
}
