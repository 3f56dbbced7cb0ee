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
  /// `packetsLost` counts packets with stream data, when their stream ends; ngtcp2 tells no other.
  public var figures: ConnectionFigures {
    var statistics = ngtcp2_conn_stat()
    unsafe ngtcp2_conn_get_conn_stat_versioned(conn, NGTCP2_CONN_STAT_VERSION, &statistics)
    let hasSample = statistics.min_rtt != .max
    return ConnectionFigures(
      phase: phase, identity: peerIdentity, openStreams: counts.openStreams,
      smoothedRoundTrip: .nanoseconds(hasSample ? Int64(clamping: statistics.smoothed_rtt) : 0),
      minimumRoundTrip: .nanoseconds(hasSample ? Int64(clamping: statistics.min_rtt) : 0),
      congestionWindowBytes: statistics.cwnd, bytesInFlight: statistics.bytes_in_flight, bytesSent: counts.bytesSent,
      bytesReceived: counts.bytesReceived, packetsSent: counts.packetsSent, packetsReceived: counts.packetsReceived,
      packetsLost: counts.packetsLost)
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

  /// Moves the connection to another local address (client only); false when it cannot be done now and must be tried later: the
  /// handshake is not confirmed, an earlier move is not finished, or the peer has given no spare connection ID.
  ///
  /// Data goes out on the new path at once, while it is being validated.
  @discardableResult
  public func migrate(toLocal address: Address, now: NIODeadline) -> Bool {
    guard isClient, isOpen, closeOrder == nil, isHandshakeConfirmed, address != knownPath.local else { return false }
    if let migrationLimit, now < migrationLimit { return false }
    self.now = now
    probeTimeoutBeforeMove = unsafe ngtcp2_conn_get_pto(conn)
    let target = NetworkPath(local: address, remote: knownPath.remote)
    let result = unsafe target.withLibraryPath { path in
      unsafe ngtcp2_conn_initiate_immediate_migration(conn, path, now.uptimeNanoseconds)
    }
    guard result == 0 else { return false }
    knownPath = target
    migrationLimit = now.advanced(byNanoseconds: validationNanoseconds)
    setNeedsWrite()
    return true
  }
}
