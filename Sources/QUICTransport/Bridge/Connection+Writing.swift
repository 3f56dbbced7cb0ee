internal import CNgtcp2
public import NIOCore

extension Connection {
  /// Writes the next datagrams to send; nil when there is nothing to send now. Called until nil, or until the socket takes no
  /// more.
  ///
  /// - Parameter buffer: `Burst.maximumByteCount` bytes; its contents are the caller's after the call.
  public func nextBurst(into buffer: UnsafeMutableRawBufferPointer, now: NIODeadline) -> Burst? {
    self.now = now
    if let copy = unsafe takeCopy(buffer) { return counted(copy) }
    var burst = unsafe takeHeldPacket(buffer)
    if burst == nil {
      switch state {
      case .open:
        if closeOrder == nil, writableBytes >= AmplificationLimit.challengeBytes { burst = unsafe writeNext(buffer) }
        if burst == nil, let order = closeOrder { burst = unsafe writeClose(order, buffer) }
      case .closing(var period):
        burst = unsafe copyClose(&period, buffer)
        state = .closing(period)
      case .draining, .ended: break
      }
    }
    guard let burst else {
      needsWrite = false
      return nil
    }
    if isOpen { unsafe shield(burst, buffer) }
    return counted(burst)
  }

  private func counted(_ burst: Burst) -> Burst {
    if newPathLimit != nil, burst.path == knownPath { newPathLimit?.sentBytes += UInt64(burst.byteCount) }
    counts.packetsSent &+= UInt64(burst.datagramCount)
    counts.bytesSent &+= UInt64(burst.byteCount)
    return burst
  }

  /// What ngtcp2 may write. Copies count before the client's address is validated; without them it keeps to the limit by itself.
  private var writableBytes: Int {
    guard let limit = amplificationLimit, limit.copyBytes > 0 else { return .max }
    return Int(clamping: limit.leftBytes)
  }

  /// Marks the connection as having output, and puts it on the endpoint's list.
  func enrollForWriting() {
    needsWrite = true
    enroll()
  }

  // MARK: One burst

  private func writeNext(_ buffer: UnsafeMutableRawBufferPointer) -> Burst? {
    if let burst = unsafe writeProbe(buffer) { return burst }
    if let burst = unsafe writeAgain(buffer) { return burst }
    return unsafe writeBurst(buffer, asksApplication: true)
  }

  func writeBurst(_ buffer: UnsafeMutableRawBufferPointer, asksApplication: Bool) -> Burst? {
    unsafe withUnsafeTemporaryAllocation(of: StreamBytes.self, capacity: Connection.vectorCapacity) { vectors in
      var pass = unsafe WritePass(vectors: vectors, canAskApplication: asksApplication && application != nil, path: knownPath)
      let burst = unsafe writePackets(buffer, &pass)
      endOffer(&pass)
      if let failure = applicationFailure { order(failure) }
      pathGuard.wrote(at: now)
      // However the validation ended: nothing is left that could lift the limit later.
      if pathGuard.isSettled { newPathLimit = nil }
      // Pacing before the first sample of the round-trip time would hold the client's Finished back by 20 ms.
      if isHandshakeCompleted { unsafe ngtcp2_conn_update_pkt_tx_time(conn, now.uptimeNanoseconds) }
      return burst
    }
  }

  private func writePackets(_ buffer: UnsafeMutableRawBufferPointer, _ pass: inout WritePass) -> Burst? {
    let pathMaximum = unsafe ngtcp2_conn_get_path_max_tx_udp_payload_size(conn)
    let packetMaximum = unsafe ngtcp2_conn_get_max_tx_udp_payload_size(conn)
    let quantum = unsafe ngtcp2_conn_get_send_quantum(conn)
    let countMaximum = max(1, min(Burst.maximumDatagramCount, quantum / max(pathMaximum, 1)))
    var burst: Burst?
    var count = 0

    while count < countMaximum {
      let used = burst?.byteCount ?? 0
      let left = writableBytes - used
      guard buffer.count - used >= packetMaximum, left >= AmplificationLimit.challengeBytes || used == 0 else { break }
      let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + min(packetMaximum, left)])
      guard let packet = unsafe writePacket(room, &pass) else { break }

      if var begun = burst {
        guard packet.joins(begun) else {
          heldPacket = unsafe HeldPacket(
            bytes: Array(room[..<packet.byteCount]), path: packet.path, ecn: packet.ecn, kind: packet.kind(pathMaximum),
            urgency: packet.urgency)
          break
        }
        begun.append(packet.byteCount, packet.urgency)
        if packet.kind(pathMaximum) == .bulk { begun.kind = .bulk }
        burst = begun
      } else {
        var begun = Burst(
          path: packet.path, ecn: packet.ecn, byteCount: 0, segmentSize: packet.byteCount, kind: packet.kind(pathMaximum))
        begun.append(packet.byteCount, packet.urgency)
        burst = begun
      }
      count += 1
      // A shorter packet ends a GSO send, and a probe for the MTU travels alone.
      if packet.byteCount < (burst?.segmentSize ?? 0) || packet.byteCount > pathMaximum { break }
    }
    return burst
  }

  /// What the packets of one burst share.
  @safe
  private struct WritePass {
    /// Where the application puts what it offers.
    let vectors: UnsafeMutableBufferPointer<StreamBytes>
    /// False when the application has said that it has nothing more, or may not be asked.
    var canAskApplication: Bool
    /// What the application has offered and ngtcp2 has not taken all of: one offer fills several packets.
    var offer: Offer?
    /// The path of the packet before; nearly always that of the next.
    var path: NetworkPath

    /// The application was asked and has nothing to send.
    var isApplicationIdle: Bool { offer == nil && !canAskApplication }
  }

  /// A `StreamWrite` that is being written, possibly over several packets.
  private struct Offer {
    let write: StreamWrite
    /// Bytes that ngtcp2 has not taken.
    var leftBytes: Int
    /// The first vector that has bytes left.
    var first = 0
    /// Bytes in packets that the application was not told of; nil before ngtcp2 took anything, an end without bytes included.
    var writtenBytes: Int?

    /// Moves on by bytes that went into a packet; true when all of it has, with the end that may belong to it.
    mutating func advance(by byteCount: Int, in vectors: UnsafeMutableBufferPointer<StreamBytes>) -> Bool {
      writtenBytes = (writtenBytes ?? 0) + byteCount
      leftBytes -= byteCount
      var left = byteCount
      while first < write.vectorCount, unsafe left >= vectors[first].count {
        unsafe left -= vectors[first].count
        first += 1
      }
      guard first < write.vectorCount else { return true }
      unsafe vectors[first].base = vectors[first].base?.advanced(by: left)
      unsafe vectors[first].count -= left
      return false
    }
  }

  /// What the application has put into a packet.
  private struct PacketContents {
    var hasInteractive = false
    var hasBulk = false
    var byteCount = 0
    /// Of a large message, the last bytes.
    var hasEnd = false
  }

  private struct WrittenPacket {
    var byteCount: Int
    var path: NetworkPath
    var ecn: ECNCodepoint
    var isHandshake: Bool
    var isOffPath: Bool
    var carriesBulk: Bool
    var urgency: Urgency?

    func joins(_ burst: Burst) -> Bool {
      byteCount <= burst.segmentSize && path == burst.path && ecn == burst.ecn
    }

    func kind(_ pathMaximum: Int) -> Burst.Kind {
      if isHandshake { return .handshake }
      if isOffPath || byteCount > pathMaximum { return .probe }
      return carriesBulk ? .bulk : .interactive
    }
  }

  /// Fills one packet with what the application and ngtcp2 have; nil when there is nothing to send, or when the congestion window
  /// or the pacer is in the way, or when the connection has failed.
  private func writePacket(_ room: UnsafeMutableRawBufferPointer, _ pass: inout WritePass) -> WrittenPacket? {
    var info = ngtcp2_pkt_info()
    var contents = PacketContents()
    let windowLeft = unsafe ngtcp2_conn_get_cwnd_left(conn)
    let wasHandshaking = !isHandshakeConfirmed && !isHandshakeCompleted
    let (written, frame) = unsafe keepsRepairs
      ? writtenFrame.note { unsafe fill(room, &info, &pass, &contents) } : (fill(room, &info, &pass, &contents), nil)
    if written < 0 { fail(Int32(truncatingIfNeeded: written)) }
    guard written > 0 else { return nil }
    let isEliciting = unsafe ngtcp2_conn_get_cwnd_left(conn) < windowLeft
    if contents.hasBulk { lastBulk = now }
    if let frame {
      unsafe keepRepair(UnsafeRawBufferPointer(rebasing: room[..<written]), beginningWith: frame, newBytes: contents.byteCount)
    }
    if isEliciting {
      elicitingBytes &+= UInt64(written)
      // The client's part of the handshake is padded, too, and ends when the client takes the handshake for complete.
      if isClient, !sendsBulk, isHandshakeConfirmed { notePadding(written - contents.byteCount, of: written) }
    }
    if !writtenPath.holds(pass.path) { pass.path = writtenPath.path }
    let ecn = ECNCodepoint(rawValue: UInt8(truncatingIfNeeded: info.ecn & 0b11)) ?? .notCapable
    return WrittenPacket(
      byteCount: written, path: pass.path, ecn: ecn, isHandshake: wasHandshaking,
      isOffPath: pass.path != knownPath && isHandshakeCompleted, carriesBulk: contents.hasBulk,
      urgency: wasHandshaking ? .handshake : urgency(
        of: contents, resentBytes: written - contents.byteCount, isEliciting: isEliciting, isLast: pass.isApplicationIdle))
  }

  /// - Parameters:
  ///   - resentBytes: what of the packet is no new content.
  ///   - isEliciting: the packet is to be acknowledged.
  ///   - isLast: the application has nothing to send behind it.
  private func urgency(of contents: PacketContents, resentBytes: Int, isEliciting: Bool, isLast: Bool) -> Urgency? {
    if contents.hasInteractive { return .message }
    guard isEliciting else { return nil }
    if !sendsBulk || beginsAnew { return .message }
    if contents.hasEnd || !contents.hasBulk && isLast && !sendsBulk(within: Connection.bulkPause) { return .remainder }
    return resentBytes >= Connection.repairBytes ? .repair : nil
  }

  /// Whether bulk went out not long ago. What ngtcp2 sends of its own accord and wants acknowledged, small messages again, probes,
  /// credit, is mostly bulk again then.
  var sendsBulk: Bool { sendsBulk(within: Connection.bulkMemory) }

  private func sendsBulk(within time: TimeAmount) -> Bool {
    lastBulk.map { now < $0 + time } ?? false
  }

  /// - Returns: the packet's length, 0 for none, or an error of the library's.
  private func fill(
    _ room: UnsafeMutableRawBufferPointer, _ info: inout ngtcp2_pkt_info, _ pass: inout WritePass, _ contents: inout PacketContents
  ) -> Int {
    let destination = unsafe room.baseAddress?.assumingMemoryBound(to: UInt8.self)
    while true {
      askApplication(&pass)
      // Without credit of the connection an offer waits, and ngtcp2 writes what else there is.
      let offer = unsafe ngtcp2_conn_get_max_data_left(conn) > 0 ? pass.offer : nil
      var accepted = -1
      var flags = UInt32(NGTCP2_WRITE_STREAM_FLAG_MORE)
      if offer?.write.isFinal == true { flags |= UInt32(NGTCP2_WRITE_STREAM_FLAG_FIN) }
      let first = offer?.first ?? 0
      let count = (offer?.write.vectorCount ?? 0) - first
      let result = unsafe pass.vectors.withMemoryRebound(to: ngtcp2_vec.self) { vectors in
        unsafe ngtcp2_conn_writev_stream_versioned(
          conn, &writtenPath.pointer.pointee.path, NGTCP2_PKT_INFO_VERSION, &info, destination, room.count, &accepted,
          flags, offer?.write.stream.rawValue ?? -1, vectors.baseAddress.map { unsafe $0 + first }, count,
          now.uptimeNanoseconds)
      }
      if let write = offer?.write, accepted >= 0 {
        if write.isInteractive { contents.hasInteractive = true } else { contents.hasBulk = true }
        contents.byteCount += accepted
        if write.isFinal, (pass.offer?.leftBytes ?? 0) - accepted < Connection.endBytes { contents.hasEnd = true }
        if unsafe pass.offer?.advance(by: accepted, in: pass.vectors) == true { endOffer(&pass) }
      }
      if result >= 0 { return result }
      switch Int32(truncatingIfNeeded: result) {
      case NGTCP2_ERR_WRITE_MORE:
        continue
      case NGTCP2_ERR_STREAM_DATA_BLOCKED:
        endOffer(&pass)
        if let offer { application?.writeBlocked(offer.write.stream) }
      case NGTCP2_ERR_STREAM_SHUT_WR, NGTCP2_ERR_STREAM_NOT_FOUND:
        endOffer(&pass)
        if let offer { application?.writeShut(offer.write.stream) }
      default:
        return result
      }
    }
  }

  /// Gets an offer if there is none, the application may be asked and the connection has credit.
  private func askApplication(_ pass: inout WritePass) {
    guard pass.offer == nil, pass.canAskApplication, let application, unsafe ngtcp2_conn_get_max_data_left(conn) > 0 else { return }
    do throws(ApplicationError) {
      pass.offer = try unsafe application.nextWrite(into: pass.vectors).map { write in
        unsafe Offer(write: write, leftBytes: pass.vectors[..<write.vectorCount].reduce(0) { unsafe $0 + $1.count })
      }
    } catch {
      // A packet may be half written: it is finished without the application, and the close follows it.
      applicationFailure = applicationFailure ?? error
    }
    if pass.offer == nil { pass.canAskApplication = false }
  }

  /// Tells the application how much of its offer went into packets; it may be asked for the next.
  private func endOffer(_ pass: inout WritePass) {
    guard let offer = pass.offer else { return }
    pass.offer = nil
    guard let byteCount = offer.writtenBytes else { return }
    recordFailure { () throws(ApplicationError) in try application?.wrote(byteCount, on: offer.write.stream) }
    if applicationFailure != nil { pass.canAskApplication = false }
  }

  // MARK: Packets that were kept

  private func takeHeldPacket(_ buffer: UnsafeMutableRawBufferPointer) -> Burst? {
    guard let held = heldPacket else { return nil }
    heldPacket = nil
    unsafe buffer.copyBytes(from: held.bytes)
    var burst = Burst(path: held.path, ecn: held.ecn, byteCount: 0, segmentSize: held.bytes.count, kind: held.kind)
    burst.append(held.bytes.count, held.urgency)
    return burst
  }

  private func copyClose(_ period: inout ClosingPeriod, _ buffer: UnsafeMutableRawBufferPointer) -> Burst? {
    guard period.owesDatagram else { return nil }
    period.sent()
    unsafe buffer.copyBytes(from: period.datagram)
    return Burst(
      path: period.path, ecn: .notCapable, byteCount: period.datagram.count, segmentSize: period.datagram.count,
      kind: isHandshakeCompleted ? .interactive : .handshake)
  }

  private func writeClose(_ order: CloseOrder, _ buffer: UnsafeMutableRawBufferPointer) -> Burst? {
    var period = unsafe beginClosing(order, buffer)
    let burst = unsafe copyClose(&period, buffer)
    if isOpen { state = .closing(period) }
    return burst
  }

  private static let vectorCapacity = 16
  private static let bulkMemory = TimeAmount.seconds(1)
  /// When no bulk went out for so long although nothing held it back, what is sent again is the rest of it.
  private static let bulkPause = TimeAmount.milliseconds(20)
  /// Of a large message, what counts as its end: a packet that is lost there is missed by nobody before a probe timeout.
  private static let endBytes = 8 * 1452
  /// Headers and an ACK frame of 32 ranges are less; what is more of no new content is content that ngtcp2 sends again.
  static let repairBytes = 200
}
