internal import CNgtcp2
public import Events
public import NIOCore

extension Connection {
  /// Takes a datagram that belongs to this connection.
  ///
  /// - Returns: nil, or why the datagram was dropped.
  @discardableResult
  public func receive(
    _ datagram: UnsafeRawBufferPointer, path: NetworkPath, ecn: ECNCodepoint, now: NIODeadline
  ) -> DatagramRefusal? {
    self.now = now
    counts.packetsReceived &+= 1
    counts.bytesReceived &+= UInt64(datagram.count)

    switch state {
    case .open: break
    case .closing(var period):
      period.received()
      state = .closing(period)
      if period.owesDatagram { enrollForWriting() }
      return nil
    case .draining, .ended: return nil
    }
    // An application that failed outside of a verb has ordered the close, and ngtcp2 is left as it is.
    guard closeOrder == nil, datagram.count > 0 else { return nil }
    if !isClient, path != knownPath {
      guard pathGuard.admits(path) else {
        enrollForWriting()
        return .thirdPath
      }
      probeTimeoutBeforeMove = unsafe ngtcp2_conn_get_pto(conn)
    }

    var info = ngtcp2_pkt_info()
    info.ecn = UInt32(ecn.rawValue)
    let result = unsafe path.withLibraryPath { path in
      unsafe ngtcp2_conn_read_pkt_versioned(
        conn, path, NGTCP2_PKT_INFO_VERSION, &info, datagram.baseAddress?.assumingMemoryBound(to: UInt8.self), datagram.count,
        now.uptimeNanoseconds)
    }
    reportAcknowledged()
    if !isClient, path != knownPath { noticePath() }
    if let ticket = tls?.newTicket {
      tls?.newTicket = nil
      record(.sessionTicket(ticket))
    }
    if result != 0 {
      fail(result)
    } else if !isHandshakeCompleted, !verifyResumedPeer() {
      failHandshake()
    }
    noteReceived()
    enrollForWriting()
    return nil
  }

  /// Asks ngtcp2 which path it sends on after it has seen a packet from another.
  private func noticePath() {
    guard let library = unsafe ngtcp2_conn_get_path(conn) else { return }
    let current = unsafe NetworkPath(library.pointee)
    guard current != knownPath else { return }
    pathGuard.moved(from: knownPath, to: current, until: now.advanced(byNanoseconds: validationNanoseconds))
    knownPath = current
  }

  /// After so long, ngtcp2 has given up the validation of a path for certain; it tries for three times the larger of the probe
  /// timeout and that of a connection without samples.
  var validationNanoseconds: UInt64 {
    6 * max(unsafe ngtcp2_conn_get_pto(conn), probeTimeoutBeforeMove, Connection.initialProbeTimeoutNanoseconds)
  }

  /// So long ngtcp2 goes on with a validated path's MTU and with the path before it.
  var settlingNanoseconds: UInt64 {
    3 * max(unsafe ngtcp2_conn_get_pto(conn), probeTimeoutBeforeMove)
  }

  private static let initialProbeTimeoutNanoseconds: UInt64 = 1_000_000_000
}
