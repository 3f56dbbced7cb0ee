import DequeModule
import QUICTransport

/// The first flights that early data was taken from, each for as long as a copy of it could be taken (a pure value).
///
/// Bounded: when it is full it takes nothing new, as it must not forget what it has taken.
struct RememberedFlights {
  private var known: Set<FlightIdentifier> = []
  /// In the order in which they are forgotten.
  private var order: Deque<Entry> = []
  private let capacity: Int

  struct Entry: Equatable {
    var flight: FlightIdentifier
    /// Seconds of Unix time.
    var seenAt: Int64
  }

  init(capacity: Int) {
    self.capacity = capacity
  }

  var count: Int { order.count }
  var entries: Deque<Entry> { order }

  mutating func admit(_ flight: FlightIdentifier, unixTime: Int64) -> FlightVerdict {
    forget(before: unixTime - Int64(TicketLifetime.replayableSeconds))
    guard !known.contains(flight) else { return .seen }
    guard order.count < capacity else { return .unrecorded }
    // A clock that was set back must not make an entry that is forgotten before older ones.
    insert(Entry(flight: flight, seenAt: max(unixTime, order.last?.seenAt ?? unixTime)))
    return .new
  }

  /// Takes up what an earlier process has remembered.
  mutating func insert(_ entry: Entry) {
    guard known.insert(entry.flight).inserted else { return }
    order.append(entry)
  }

  /// What could not be kept is as if it had never been admitted.
  mutating func removeLast() {
    guard let last = order.popLast() else { return }
    known.remove(last.flight)
  }

  private mutating func forget(before limit: Int64) {
    while let first = order.first, first.seenAt < limit {
      order.removeFirst()
      known.remove(first.flight)
    }
  }
}
