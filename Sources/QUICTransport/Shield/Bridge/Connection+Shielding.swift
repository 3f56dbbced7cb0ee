internal import CNgtcp2
internal import NIOCore

/// What tells the shield of losses and acknowledgements, and what takes its copies.
extension Connection {
  /// Keeps what of a burst is worth a copy.
  func shield(_ burst: Burst, _ buffer: UnsafeMutableRawBufferPointer) {
    lossShield.sent(datagrams: burst.datagramCount, byteCount: burst.byteCount)
    guard let urgency = burst.urgency, burst.kind != .probe else { return }
    var left = burst.urgentBytes
    guard urgency.isBulk || left.count <= LossShield.largestFlightBytes else { return }
    while !left.isEmpty, lossShield.covers(urgency, now: now) {
      let flight = left.prefix(LossShield.largestFlightDatagrams * burst.segmentSize)
      lossShield.protect(
        LossShield.SentDatagrams(
          bytes: unsafe Array(buffer[flight]), segmentSize: burst.segmentSize, path: burst.path, ecn: burst.ecn, kind: burst.kind,
          urgency: urgency),
        sentAt: now, elicitingBytes: elicitingBytes)
      left.removeFirst(flight.count)
    }
  }

  /// Puts the next copy that is due into the buffer.
  func takeCopy(_ buffer: UnsafeMutableRawBufferPointer) -> Burst? {
    guard let due = lossShield.deadline, due <= now, isOpen, closeOrder == nil else { return nil }
    guard let copy = lossShield.nextCopy(now: now, link: linkEstimate) else { return nil }
    unsafe buffer.copyBytes(from: copy.bytes)
    let burst = Burst(
      path: copy.path, ecn: copy.ecn, byteCount: copy.bytes.count, segmentSize: copy.segmentSize, kind: copy.kind)
    counts.copiesSent &+= UInt64(burst.datagramCount)
    counts.copyBytesSent &+= UInt64(burst.byteCount)
    newPathLimit?.copyBytes += UInt64(burst.byteCount)
    return burst
  }

  /// Whether anything here depends on what the peer has acknowledged.
  var awaitsAcknowledgement: Bool { lossShield.isWaiting || lossShield.isSuspicious }

  /// Finds out what a datagram of the peer's has acknowledged, as far as the shield waits for it.
  ///
  /// ngtcp2 tells of no acknowledgement. But each one that covers a new largest packet gives a sample of the round-trip time, and
  /// that tells to the nanosecond when the packet was sent. A datagram that has left as much in flight as before, such as a copy of the
  /// peer's, has brought none: the sample is that of an earlier one.
  func noteAcknowledgement(bytesInFlightBefore: UInt64) {
    guard awaitsAcknowledgement else { return }
    let statistics = self.statistics
    if statistics.bytes_in_flight < bytesInFlightBefore, statistics.latest_rtt > 0, statistics.latest_rtt < now.uptimeNanoseconds {
      let sentAt = NIODeadline.uptimeNanoseconds(now.uptimeNanoseconds - statistics.latest_rtt)
      // ngtcp2 forgets its probe timeouts with the acknowledgement that it takes for their answer.
      if statistics.pto_count == 0 { lossShield.sampled(sentAt: sentAt, now: now) }
      lossShield.acknowledged(sentAt: sentAt, bytesInFlight: statistics.bytes_in_flight, elicitingBytes: elicitingBytes)
    }
    if statistics.bytes_in_flight == 0 { lossShield.clear() }
  }

  /// Packets of a stream that ngtcp2 has declared lost since the last look; looked at when the stream makes progress and when it
  /// ends, because ngtcp2 tells of no loss when it happens.
  func noteLosses(on stream: StreamID, isOver: Bool) {
    let lost = unsafe ngtcp2_conn_get_stream_loss_count(conn, stream.rawValue)
    guard lost > 0 else { return }
    let known = isOver ? knownLosses.removeValue(forKey: stream) : knownLosses.updateValue(lost, forKey: stream)
    guard lost > known ?? 0 else { return }
    counts.packetsLost &+= UInt64(lost - (known ?? 0))
    lossShield.lossSeen(at: now)
  }

  /// A probe timeout is the first that is heard of a loss when nothing comes back.
  func noteProbeTimeout() {
    if statistics.pto_count > 0 { lossShield.probeTimedOut(at: now) }
  }

  var statistics: ngtcp2_conn_stat {
    var statistics = ngtcp2_conn_stat()
    unsafe ngtcp2_conn_get_conn_stat_versioned(conn, NGTCP2_CONN_STAT_VERSION, &statistics)
    return statistics
  }

  private var linkEstimate: LinkEstimate {
    let statistics = self.statistics
    let left = statistics.cwnd > statistics.bytes_in_flight ? statistics.cwnd - statistics.bytes_in_flight : 0
    return LinkEstimate(
      bytesPerSecond: UInt64(Double(statistics.cwnd) * 1e9 / Double(max(statistics.smoothed_rtt, 1))),
      windowLeftBytes: min(beginsAnew ? .max : left, newPathLimit?.freeBytes ?? amplificationLimit?.leftBytes ?? .max), path: knownPath)
  }

  /// Whether all that was under way is lost, because the client has moved or because nothing came through for a while.
  ///
  /// The few packets that may be sent then decide how long everybody waits: first there is the limit of RFC 9000 §8, then what was in
  /// flight is given up, and bbr2 begins with two to four packets for each round trip. So they are copied, also when they are bulk, and
  /// although the window is full: of what nobody will ever acknowledge.
  var beginsAnew: Bool {
    newPathLimit != nil || now < anewUntil && statistics.cwnd <= Connection.smallWindowBytes
  }

  /// What holds a server's copies back while the address of its client is not validated.
  var amplificationLimit: AmplificationLimit? {
    guard !isClient else { return nil }
    guard !isHandshakeCompleted else { return newPathLimit }
    return AmplificationLimit(receivedBytes: counts.bytesReceived, sentBytes: counts.bytesSent, copyBytes: counts.copyBytesSent)
  }

  private static let smallWindowBytes: UInt64 = 10 * 1452
}
