internal import CNgtcp2
internal import NIOCore

// How a path that has changed without anybody's knowledge is found and used at once.
extension Connection {
  /// Whether the application waits for something that only the peer can send.
  var isWaitingForPeer: Bool { isClient && isHandshakeConfirmed && counts.openStreams > 0 }

  /// The probes of a silence: one packet, sent again and again. As copies they cost no congestion window, which ngtcp2 would never
  /// give back: it has no probe timer for what says nothing.
  struct SilenceProbes {
    var owed: Int
    var packet: Burst?
    var bytes: [UInt8] = []
  }

  /// Acts on the silence of a peer that something is expected from.
  func checkSilence() {
    guard isWaitingForPeer, let probes = silence.expired(at: now) else { return }
    if probes.areFirst {
      silenceProbes = SilenceProbes(owed: 0)
      lossShield.pathDoubted(at: now)
    }
    silenceProbes?.owed += probes.count
  }

  /// Sends one probe if some are owed: a DATAGRAM frame (RFC 9221) that says nothing.
  ///
  /// It is large, so that a server that sees it come from an address which it must validate may send more than its PATH_CHALLENGE, and
  /// ngtcp2 pads nothing else for us.
  func writeProbe(_ buffer: UnsafeMutableRawBufferPointer) -> Burst? {
    guard var probes = silenceProbes, probes.owed > 0 else { return nil }
    probes.owed -= 1
    if let packet = probes.packet {
      silenceProbes = probes
      guard packet.path == knownPath else { return nil }
      unsafe buffer.copyBytes(from: probes.bytes)
      return packet
    }
    // A peer that takes no DATAGRAM frames is left to keep-alive, and so is a connection whose window is full.
    let written = unsafe writeEmptyDatagram(buffer)
    guard written > 0 else {
      silenceProbes = nil
      return nil
    }
    let packet = Burst(path: writtenPath.path, ecn: .notCapable, byteCount: written, segmentSize: written, kind: .probe)
    silenceProbes = SilenceProbes(owed: probes.owed, packet: packet, bytes: unsafe Array(buffer[..<written]))
    return packet
  }

  private func writeEmptyDatagram(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Connection.probeBytes) { content in
      unsafe content.initialize(repeating: 0)
      var vector = unsafe ngtcp2_vec(base: content.baseAddress, len: content.count)
      var info = ngtcp2_pkt_info()
      var accepted: Int32 = 0
      let room = unsafe min(buffer.count, ngtcp2_conn_get_max_tx_udp_payload_size(conn))
      return unsafe ngtcp2_conn_writev_datagram_versioned(
        conn, &writtenPath.pointer.pointee.path, NGTCP2_PKT_INFO_VERSION, &info,
        buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), room, &accepted, UInt32(NGTCP2_WRITE_DATAGRAM_FLAG_NONE), 0,
        &vector, 1, now.uptimeNanoseconds)
    }
  }

  /// The library has no use for a connection ID of ours any more.
  ///
  /// When it says so ahead of time, datagrams with it may still come, and must not be answered with a stateless reset.
  func forget(_ id: ConnectionID) {
    if isAheadOfTime {
      lingeringIDs.append((id, now.advanced(byNanoseconds: 3 * probeTimeout)))
    } else {
      unsafe endpoint?.retire(id, of: self)
    }
  }

  func forgetLingeringIDs() {
    while let (id, until) = lingeringIDs.first, until <= now {
      lingeringIDs.removeFirst()
      unsafe endpoint?.retire(id, of: self)
    }
  }

  static let probesOfMove = 2
  private static let probeBytes = 1100
}
