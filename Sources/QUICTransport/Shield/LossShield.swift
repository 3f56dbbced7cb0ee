internal import DequeModule
internal import NIOCore

/// Decides which datagrams are sent a second time, when, how often and within which budget, so that a lost one costs the wait for
/// its copy and not a probe timeout.
///
/// A copy has the same bytes, hence the same packet number, and a receiver that has the packet drops it (RFC 9000 §12.3). It is
/// outside of loss detection and congestion control, so it has rules of its own: small flights on which somebody waits, and of bulk
/// only what was lost or is its end; never when the congestion window is what holds the connection back; within `CopyBudget`; not
/// when the datagram was acknowledged in the meantime. Times and facts go in, copies come out.
struct LossShield {
  private let mode: ShieldMode
  private var budget = CopyBudget()
  /// In the order in which they were sent.
  private var flights = Deque<Flight>()
  private var lastLoss: (time: NIODeadline, packetsSent: UInt64)?
  /// When the first probe timeout passed that no acknowledgement has explained yet.
  private var suspectedAt: NIODeadline?
  /// Until when the path may be another one than before.
  private var doubtfulUntil = NIODeadline.distantPast
  private var packetsSent: UInt64 = 0
  /// When the flights of the handshake were last made due together.
  private var gatheredAt: NIODeadline?
  /// When the next copy is due; nil when none is.
  private(set) var deadline: NIODeadline?

  init(mode: ShieldMode) {
    self.mode = mode
  }

  /// A burst, or the part of one that is worth a copy, as it was sent.
  struct SentDatagrams: Equatable {
    var bytes: [UInt8]
    var segmentSize: Int
    var path: NetworkPath
    var ecn: ECNCodepoint
    var kind: Burst.Kind
    var urgency: Urgency

    var isSingle: Bool { bytes.count <= segmentSize }
  }

  /// A datagram whose acknowledgement is waited for.
  private struct Flight {
    var datagrams: SentDatagrams
    var sentAt: NIODeadline
    /// Bytes that had been sent and were to be acknowledged when this had left, from the beginning of the connection.
    var elicitingBytes: UInt64
    var copies = 0
    var due: NIODeadline
  }

  /// Whether anything waits for a copy, so that acknowledgements matter.
  var isWaiting: Bool { !flights.isEmpty }

  /// Whether a probe timeout has passed of which nobody knows yet whether it was for a loss.
  var isSuspicious: Bool { suspectedAt != nil }

  /// Whether a flight of that urgency is copied now. A client learns of losses by packets that it numbers, and before the first
  /// answer there are none: handshakes are copied unless the shield is off.
  func covers(_ urgency: Urgency, now: NIODeadline) -> Bool {
    guard flights.count < (urgency.isBulk ? Self.mostFlights / 2 : Self.mostFlights) else { return false }
    switch urgency {
    case .handshake: return mode != .off
    case .message, .remainder, .repair: return isArmed(at: now)
    }
  }

  /// Whether small flights are copied now: always, or because the link has lost something not long ago.
  func isArmed(at now: NIODeadline) -> Bool {
    switch mode {
    case .off: false
    case .always: true
    case .auto:
      if suspectedAt != nil || now < doubtfulUntil {
        true
      } else if let lastLoss {
        now < lastLoss.time + Self.memory || packetsSent < lastLoss.packetsSent + Self.memoryPackets
      } else {
        // Nothing is known of the link yet, and HANDSHAKE_DONE and the first request are among these.
        packetsSent < Self.openingPackets
      }
    }
  }

  // MARK: Facts

  /// So many datagrams left, copies not among them.
  mutating func sent(datagrams: Int, byteCount: Int) {
    packetsSent &+= UInt64(datagrams)
    budget.sent(byteCount)
  }

  /// These are to be copied until they are acknowledged or the schedule is at its end.
  ///
  /// - Parameter elicitingBytes: all that was ever sent and is to be acknowledged, this included.
  mutating func protect(_ datagrams: SentDatagrams, sentAt now: NIODeadline, elicitingBytes: UInt64) {
    let due = now + CopySchedule.of(datagrams.urgency).offsets[0]
    flights.append(Flight(datagrams: datagrams, sentAt: now, elicitingBytes: elicitingBytes, due: due))
    deadline = min(deadline ?? due, due)
  }

  /// A packet was declared lost.
  mutating func lossSeen(at now: NIODeadline) {
    lastLoss = (now, packetsSent)
  }

  /// The path may have changed: the peer's address proves itself by single packets then, and a client that only receives has seen no
  /// loss.
  mutating func pathDoubted(at now: NIODeadline) {
    doubtfulUntil = now + Self.doubt
  }

  /// A probe timeout has passed: something is lost, or the peer is slow to answer. The next sample of the round-trip time tells.
  /// On a link that is known to lose it does not, because what arrived late may have been a copy.
  mutating func probeTimedOut(at now: NIODeadline) {
    if lastLoss != nil, isArmed(at: now) { return lossSeen(at: now) }
    suspectedAt = suspectedAt ?? now
  }

  /// The largest packet that a new acknowledgement covers was sent at this time. If that was before the probe timeout, the timeout
  /// was spurious (compare RFC 5682); if only what was sent after it has arrived, what was sent before it is lost.
  mutating func sampled(sentAt time: NIODeadline, now: NIODeadline) {
    guard let suspectedAt else { return }
    self.suspectedAt = nil
    if time >= suspectedAt { lossSeen(at: now) }
  }

  /// The peer has acknowledged a packet that was sent at this time.
  ///
  /// Of what was sent at the same time or before, some may still be missing: unless all that is in flight was sent later.
  /// - Parameters:
  ///   - bytesInFlight: sent, and neither acknowledged nor declared lost.
  ///   - elicitingBytes: all that was ever sent and is to be acknowledged.
  mutating func acknowledged(sentAt time: NIODeadline, bytesInFlight: UInt64, elicitingBytes: UInt64) {
    guard let last = flights.lastIndex(where: { $0.sentAt == time }) else { return }
    if bytesInFlight <= elicitingBytes - flights[last].elicitingBytes {
      flights.removeFirst(last + 1)
    } else if flights[last].datagrams.isSingle, last == 0 || flights[last - 1].sentAt != time {
      flights.remove(at: last)
    }
    updateDeadline()
  }

  /// Nothing is under way any more: the peer has all, or the connection is over.
  mutating func clear() {
    flights.removeAll()
    deadline = nil
  }

  // MARK: Copies

  /// The next copy that is due and allowed; nil when there is none now.
  mutating func nextCopy(now: NIODeadline, link: LinkEstimate) -> SentDatagrams? {
    guard let deadline, deadline <= now else { return nil }
    defer { updateDeadline() }
    gatherHandshake(now: now)
    var index = 0
    while index < flights.count {
      guard flights[index].due <= now else {
        index += 1
        continue
      }
      let flight = flights[index]
      let schedule = CopySchedule.of(flight.datagrams.urgency)
      if advance(index, schedule, now: now) { index += 1 }
      let byteCount = flight.datagrams.bytes.count
      guard UInt64(byteCount) <= link.windowLeftBytes, flight.datagrams.path == link.path else { continue }
      let lateness = flight.datagrams.urgency.isBulk ? 1 : Double(flight.copies) / Double(schedule.offsets.count)
      let reserve = lateness * Self.lateCopiesReserve
      guard budget.take(byteCount, keeping: reserve, now: now, bytesPerSecond: link.bytesPerSecond) else { continue }
      return flight.datagrams
    }
    return nil
  }

  /// When one flight of a handshake is copied, all are, in their order: early data that arrives without the Initial before it is
  /// dropped, and without the early data behind it an Initial makes a connection that has missed its chance.
  private mutating func gatherHandshake(now: NIODeadline) {
    guard gatheredAt != now else { return }
    let handshake = flights.indices.filter { flights[$0].datagrams.urgency == .handshake }
    guard handshake.contains(where: { flights[$0].due <= now }) else { return }
    gatheredAt = now
    for index in handshake { flights[index].due = min(flights[index].due, now) }
  }

  /// Moves a flight on to its next copy. Copies whose time has passed meanwhile are not made up for.
  ///
  /// - Returns: false when there is no next one and the flight is gone.
  private mutating func advance(_ index: Int, _ schedule: CopySchedule, now: NIODeadline) -> Bool {
    var copies = flights[index].copies
    repeat { copies += 1 } while copies < schedule.offsets.count && flights[index].sentAt + schedule.offsets[copies] <= now
    guard copies < schedule.offsets.count else {
      flights.remove(at: index)
      return false
    }
    flights[index].copies = copies
    flights[index].due = flights[index].sentAt + schedule.offsets[copies]
    return true
  }

  private mutating func updateDeadline() {
    deadline = flights.lazy.map(\.due).min()
  }

  /// A request or an answer of a few packets.
  static let largestFlightDatagrams = 8
  static let largestFlightBytes = largestFlightDatagrams * 1452
  private static let mostFlights = 256
  private static let openingPackets: UInt64 = 16
  private static let memory = TimeAmount.seconds(60)
  private static let memoryPackets: UInt64 = 1000
  private static let doubt = TimeAmount.seconds(2)
  /// The share of the budget that the last of the copies, and all of bulk, leave to the first ones of small messages.
  private static let lateCopiesReserve = 0.5
}

/// What is known of the way on which copies go.
struct LinkEstimate {
  /// What may be in flight in a round trip, by the round-trip time.
  var bytesPerSecond: UInt64
  /// What congestion control, and before a client's address is validated the limit of RFC 9000 §8.1, still let out.
  var windowLeftBytes: UInt64
  var path: NetworkPath
}
