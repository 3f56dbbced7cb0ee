internal import CNgtcp2
internal import DequeModule
internal import NIOCore

// What a server sends again when its client is elsewhere, and all that was under way is lost.
extension Connection {
  /// Whether bulk goes out over a link that loses to a client, whom a NAT may move.
  var keepsRepairs: Bool { !isClient && sendsBulk && lossShield.isArmed(at: now) }

  /// Keeps a packet that begins with what was sent before.
  ///
  /// - Parameter newBytes: what of it is the application's and new.
  func keepRepair(_ packet: UnsafeRawBufferPointer, beginningWith frame: StreamFrameHeader, newBytes: Int) {
    guard newBytes == 0 || packet.count - newBytes >= Connection.repairBytes else { return }
    unsafe repairs.sent(Array(packet), beginningWith: frame, at: now)
  }

  /// Decides what is sent again after the client's address has changed.
  ///
  /// - Parameter isRebinding: the client uses the connection ID that it has used before, so that it knows nothing of its move.
  func prepareResends(isRebinding: Bool) {
    resendsLeft = Connection.resends
    swallowed = []
    // The packets bear the connection ID of the former path, which may be used on another only then (RFC 9000 §9.5).
    guard isRebinding else { return }
    // Nothing of the last round trip has come through the NAT, and the client took some time to notice.
    let time = Int64(statistics.smoothed_rtt) + Connection.noticeTime.nanoseconds
    swallowed = Deque(repairs.lost(since: now - .nanoseconds(time)))
    if !swallowed.isEmpty { resendsLeft = Connection.resendsBeforeSwallowed }
  }

  /// Sends what went to where the client no longer is again, and nothing new before it.
  func writeAgain(_ buffer: UnsafeMutableRawBufferPointer) -> Burst? {
    while let left = resendsLeft {
      // ngtcp2 sends again only in packets that are offered nothing new.
      if let burst = unsafe writeBurst(buffer, asksApplication: false) { return burst }
      resendsLeft = left > 0 && expireProbeTimer(within: 3 * probeTimeout) ? left - 1 : nil
    }
    return unsafe writeSwallowed(buffer)
  }

  /// Sends what fills the gaps of what the client has: the very packets, as copies.
  private func writeSwallowed(_ buffer: UnsafeMutableRawBufferPointer) -> Burst? {
    guard let limit = newPathLimit, let packet = swallowed.first, limit.freeBytes >= UInt64(packet.count) else { return nil }
    swallowed.removeFirst()
    unsafe buffer.copyBytes(from: packet)
    counts.copiesSent &+= 1
    counts.copyBytesSent &+= UInt64(packet.count)
    newPathLimit?.copyBytes += UInt64(packet.count)
    return Burst(path: knownPath, ecn: .notCapable, byteCount: packet.count, segmentSize: packet.count, kind: .bulk)
  }

  /// The first is mostly used up by two packets with PATH_CHALLENGE, which ngtcp2 does not send without: the window is full.
  private static let resends = 2
  private static let resendsBeforeSwallowed = 1
  private static let noticeTime = TimeAmount.milliseconds(40)
}
