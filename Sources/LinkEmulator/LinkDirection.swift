/// One direction of a link, as a pure model: datagrams and a time go in, datagrams come out at the times that the conditions and
/// the seed say.
///
/// Times are nanoseconds of a virtual clock that never goes back. The same calls with the same seed give the same results.
public struct LinkDirection<Datagram: LinkDatagram> {
  /// May be changed at any time; datagrams that are under way are not touched.
  public var conditions: LinkConditions {
    didSet {
      sentInConditions = 0
      if conditions.randomOutages != oldValue.randomOutages { randomOutage.begin() }
    }
  }
  /// The link is cut: everything that is sent is lost, and counted as in an outage. What is under way arrives.
  public var isDown = false
  public private(set) var counts = LinkCounts()

  private var random: SeededGenerator
  private var wire = Wire()
  private var underWay = ArrivalQueue<Datagram>()
  private var randomOutage: RandomOutages.State
  private var isInBurst = false
  private var lossRun = 0
  private var sentInConditions = 0
  private var lastArrival: UInt64 = 0

  public init(conditions: LinkConditions = LinkConditions(), seed: UInt64) {
    self.conditions = conditions
    random = SeededGenerator(seed: seed)
    randomOutage = RandomOutages.State(seed: seed)
  }

  /// Puts a datagram on the link.
  public mutating func send(_ datagram: Datagram, at now: UInt64) {
    counts.sent += 1
    sentInConditions += 1
    guard !loses(at: now) else { return }
    guard let departure = wire.take(datagram.byteCount, at: now, conditions) else {
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
  public var nextArrival: UInt64? { underWay.first }

  /// The next datagram that has arrived by `now`; nil when there is none. Called until nil.
  public mutating func receive(at now: UInt64) -> Datagram? {
    guard let first = underWay.first, first <= now, let datagram = underWay.popFirst() else { return nil }
    counts.underWay -= 1
    counts.delivered += 1
    counts.bytesDelivered += datagram.byteCount
    return datagram
  }

  /// Decides the fate of a datagram and counts it.
  private mutating func loses(at now: UInt64) -> Bool {
    if isDown || isOutage(at: now) {
      counts.lostInOutage += 1
      return true
    }
    if !conditions.droppedOrdinals.isEmpty, conditions.droppedOrdinals.contains(sentInConditions) {
      counts.lost += 1
      return true
    }
    if let burst = conditions.burstLoss {
      if random.chance(isInBurst ? burst.badToGoodProbability : burst.goodToBadProbability) { isInBurst.toggle() }
      if random.chance(isInBurst ? burst.lossInBad : burst.lossInGood) {
        counts.lostInBurst += 1
        return true
      }
    }
    let mayBeLost = conditions.longestLossRun.map { lossRun < $0 } ?? true
    if mayBeLost, random.chance(conditions.lossProbability) {
      lossRun += 1
      counts.lost += 1
      return true
    }
    lossRun = 0
    return false
  }

  private mutating func isOutage(at now: UInt64) -> Bool {
    if let outages = conditions.randomOutages, randomOutage.isOn(at: now, outages) { return true }
    if conditions.repeatingOutage?.contains(now) == true { return true }
    return conditions.outages.contains { $0.contains(now) }
  }

  private mutating func enqueue(_ datagram: Datagram, departure: UInt64) {
    var datagram = datagram
    if random.chance(conditions.corruptionProbability), datagram.byteCount > 0 {
      datagram.flip(bit: Int(random.next() % UInt64(datagram.byteCount * 8)))
      counts.corrupted += 1
    }
    var arrival = departure + drawDelay()
    if random.chance(conditions.reorderingProbability) {
      arrival += conditions.reorderingDelay.wholeNanoseconds
      counts.reordered += 1
    } else {
      arrival = max(arrival, lastArrival)
      lastArrival = arrival
    }
    counts.underWay += 1
    underWay.insert(datagram, at: arrival)
  }

  private mutating func drawDelay() -> UInt64 {
    let delay = conditions.delay.wholeNanoseconds
    let jitter = conditions.jitter.wholeNanoseconds
    guard jitter > 0 else { return delay }
    let late = delay + random.next() % (2 * jitter + 1)
    return late > jitter ? late - jitter : 0
  }
}
