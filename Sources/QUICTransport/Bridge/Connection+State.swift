internal import CNgtcp2
public import Events
public import NIOCore

extension Connection {
  public var phase: ConnectionPhase {
    switch state {
    case .open: closeOrder != nil ? .closing : isHandshakeConfirmed ? .established : .handshaking
    case .closing, .ended: .closing
    case .draining: .draining
    }
  }

  /// The path that data travels on now.
  public var path: NetworkPath {
    guard let path = unsafe ngtcp2_conn_get_path(conn) else { return knownPath }
    return unsafe NetworkPath(path.pointee)
  }

  /// Reads the figures of the connection; costs about a microsecond.
  ///
  /// `packetsLost` counts packets with stream data, when their stream makes progress or ends; ngtcp2 tells no other.
  public var figures: ConnectionFigures {
    let statistics = self.statistics
    let hasSample = statistics.min_rtt != .max
    return ConnectionFigures(
      phase: phase, identity: peerIdentity, openStreams: counts.openStreams,
      smoothedRoundTrip: .nanoseconds(hasSample ? Int64(clamping: statistics.smoothed_rtt) : 0),
      minimumRoundTrip: .nanoseconds(hasSample ? Int64(clamping: statistics.min_rtt) : 0),
      congestionWindowBytes: statistics.cwnd, bytesInFlight: statistics.bytes_in_flight, bytesSent: counts.bytesSent,
      bytesReceived: counts.bytesReceived, packetsSent: counts.packetsSent, packetsReceived: counts.packetsReceived,
      packetsLost: counts.packetsLost, copiesSent: counts.copiesSent, copyBytesSent: counts.copyBytesSent)
  }

  /// Starts a key update (RFC 9001 §6); false when one is still under way or the handshake is not confirmed.
  @discardableResult
  public func updateKeys(now: NIODeadline) -> Bool {
    // ngtcp2 asserts the state after the handshake, so it is not asked earlier.
    guard isOpen, closeOrder == nil, isHandshakeConfirmed else { return false }
    guard unsafe ngtcp2_conn_initiate_key_update(conn, now.uptimeNanoseconds) == 0 else { return false }
    setNeedsWrite()
    return true
  }
}
