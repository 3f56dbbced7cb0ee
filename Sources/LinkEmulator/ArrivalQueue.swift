internal import DequeModule

/// Datagrams under way, by the time of their arrival; those with the same time in the order in which they were sent.
///
/// Nearly all arrive in the order in which they were sent, so they wait in a ring; only stragglers cost a search.
struct ArrivalQueue<Datagram> {
  private var entries = Deque<(time: UInt64, datagram: Datagram)>()

  var first: UInt64? { entries.first?.time }

  mutating func insert(_ datagram: Datagram, at time: UInt64) {
    guard let last = entries.last, last.time > time else {
      entries.append((time, datagram))
      return
    }
    // The first entry that arrives later.
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].time <= time { low = middle + 1 } else { high = middle }
    }
    entries.insert((time, datagram), at: low)
  }

  mutating func popFirst() -> Datagram? {
    entries.popFirst()?.datagram
  }
}
