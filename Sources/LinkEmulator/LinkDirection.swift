/// Something that can travel over an emulated link.
public protocol LinkDatagram {
  /// The bytes that count against the link's rate.
  var byteCount: Int { get }
  /// Damages one bit, 0 ..< byteCount × 8.
  mutating func flip(bit: Int)
}

/// One direction of a link, as a pure model: datagrams and a time go in, datagrams come out at the times that the conditions and
/// the seed say.
///
/// Times are nanoseconds of a virtual clock that never goes back. The same calls with the same seed give the same results.
public struct LinkDirection<Datagram: LinkDatagram> {
  /// May be changed at any time; datagrams that are under way are not touched.
  public var conditions: LinkConditions
  public private(set) var counts = LinkCounts()

  private var random: SeededGenerator
  private var queue = ArrivalQueue<Datagram>()
  private var isInBurst = false
  /// When the last datagram will have been put on the wire.
  private var wireFreeAt: UInt64 = 0
  private var lastArrival: UInt64 = 0

  public init(conditions: LinkConditions = LinkConditions(), seed: UInt64) {
    self.conditions = conditions
    random = SeededGenerator(seed: seed)
  }

  /// Puts a datagram on the link.
  public mutating func send(_ datagram: Datagram, at now: UInt64) {
    counts.sent += 1
    guard !loses(at: now) else { return }
    guard let departure = takeWire(datagram.byteCount, at: now) else {
      counts.lostInQueue += 1
      return
    }
    enqueue(datagram, departure: departure)
    if random.chance(conditions.duplicationProbability) {
      counts.duplicated += 1
      enqueue(datagram, departure: departure)
    }
  }

  /// When the next datagram arrives; nil when none is under way.
  public var nextArrival: UInt64? { queue.first }

  /// The next datagram that has arrived by `now`; nil when there is none. Called until nil.
  public mutating func receive(at now: UInt64) -> Datagram? {
    guard let first = queue.first, first <= now, let datagram = queue.popFirst() else { return nil }
    counts.underWay -= 1
    counts.delivered += 1
    counts.bytesDelivered += datagram.byteCount
    return datagram
  }

  /// Decides the fate of a datagram and counts it.
  private mutating func loses(at now: UInt64) -> Bool {
    if conditions.outages.contains(where: { $0.contains(now) }) {
      counts.lostInOutage += 1
      return true
    }
    if let burst = conditions.burstLoss {
      if random.chance(isInBurst ? burst.badToGoodProbability : burst.goodToBadProbability) { isInBurst.toggle() }
      if random.chance(isInBurst ? burst.lossInBad : burst.lossInGood) {
        counts.lostInBurst += 1
        return true
      }
    }
    if random.chance(conditions.lossProbability) {
      counts.lost += 1
      return true
    }
    return false
  }

  /// The time at which the last bit leaves; nil when the queue is full.
  private mutating func takeWire(_ byteCount: Int, at now: UInt64) -> UInt64? {
    guard let rate = conditions.bitsPerSecond, rate > 0 else { return now }
    let begin = max(now, wireFreeAt)
    let waitingBytes = (begin - now).multipliedFullWidth(by: rate)
    let queued = (8 * 1_000_000_000 as UInt64).dividingFullWidth(waitingBytes).quotient
    guard queued <= UInt64(conditions.queueBytes) else { return nil }
    wireFreeAt = begin + UInt64(byteCount) * 8 * 1_000_000_000 / rate
    return wireFreeAt
  }

  private mutating func enqueue(_ datagram: Datagram, departure: UInt64) {
    var datagram = datagram
    if random.chance(conditions.corruptionProbability), datagram.byteCount > 0 {
      datagram.flip(bit: Int(random.next() % UInt64(datagram.byteCount * 8)))
      counts.corrupted += 1
    }
    var arrival = departure + conditions.delay.wholeNanoseconds
    let jitter = conditions.jitter.wholeNanoseconds
    if jitter > 0 { arrival += random.next() % jitter }
    if random.chance(conditions.reorderingProbability) {
      arrival += conditions.reorderingDelay.wholeNanoseconds
      counts.reordered += 1
    } else {
      arrival = max(arrival, lastArrival)
      lastArrival = arrival
    }
    counts.underWay += 1
    queue.insert(datagram, at: arrival)
  }
}

extension Duration {
  /// Whole nanoseconds; nothing for a negative duration.
  var wholeNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }
}

extension [UInt8]: LinkDatagram {
  public var byteCount: Int { count }

  public mutating func flip(bit: Int) {
    self[bit / 8] ^= 1 << UInt8(bit % 8)
  }
}
