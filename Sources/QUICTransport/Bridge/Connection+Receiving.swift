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
    var isRebinding = false
    if isClient {
      silence.received(at: now, isLarge: datagram.count >= Connection.largeDatagramBytes)
      if knownPath.local.isUnspecified { adoptLocalAddress(path.local) }
    } else {
      let hasUsualID = unsafe DatagramHeader.isShort(datagram, to: usualID)
      if path != knownPath {
        guard pathGuard.admits(path, hasUsualID: hasUsualID) else {
          enrollForWriting()
          return .thirdPath
        }
        probeTimeoutBeforeMove = probeTimeout
        isRebinding = hasUsualID
      }
      // Nobody has authenticated this header. While the client moves, junk for a connection ID that it has not used must not make that
      // the usual one: a move to it would be let through to ngtcp2 as a NAT's.
      if !hasUsualID, pathGuard.isSettled, let header = unsafe DatagramHeader(datagram), header.form == .short {
        usualID = header.destination
      }
    }

    let bytesInFlight = awaitsAcknowledgement ? statistics.bytes_in_flight : 0
    var info = ngtcp2_pkt_info()
    info.ecn = UInt32(ecn.rawValue)
    let result = unsafe path.withLibraryPath { path in
      unsafe ngtcp2_conn_read_pkt_versioned(
        conn, path, NGTCP2_PKT_INFO_VERSION, &info, datagram.baseAddress?.assumingMemoryBound(to: UInt8.self), datagram.count,
        now.uptimeNanoseconds)
    }
    reportAcknowledged()
    noteAcknowledgement(bytesInFlightBefore: bytesInFlight)
    if !isClient {
      if path != knownPath { noticePath(isRebinding: isRebinding) }
      if path == knownPath { newPathLimit?.receivedBytes += UInt64(datagram.count) }
    }
    if let tickets = tls?.newTickets, !tickets.isEmpty {
      tls?.newTickets = []
      for ticket in tickets { record(.sessionTicket(ticket)) }
    }
    var refusal: DatagramRefusal?
    if result == NGTCP2_ERR_INTERNAL {
      // ngtcp2 0.12 keeps at most 1000 pieces of a stream behind gaps, as when a sender's first rounds overflow a queue, and says this
      // of one more, and of nothing else. It has not noted the packet as received, so the peer takes it for lost, and nothing is amiss.
      refusal = .tooManyGaps
    } else if result != 0 {
      fail(result)
    } else if !isHandshakeCompleted, !verifyResumedPeer() {
      failHandshake()
    }
    noteReceived()
    enrollForWriting()
    return refusal
  }

  /// Of a flow of bulk nearly all datagrams are full.
  private static let largeDatagramBytes = 1000
}
