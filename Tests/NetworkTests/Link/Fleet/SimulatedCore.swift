import DequeModule
import NIOCore
@testable import QUICTransport

/// A core as `Endpoint` accepts connections: Retry under load, a limit on handshakes in progress and on those of a turn, and the
/// queue behind them.
struct SimulatedCore {
  private(set) var nextTurn: UInt64?
  private var inbox: Deque<Fleet.Flight> = []
  private var freeAt: UInt64 = 0
  private var inProgress: [ConnectionID: NIODeadline] = [:]
  private var ends: Deque<(id: ConnectionID, time: NIODeadline)> = []
  private var queue: HandshakeQueue<Fleet.Flight>
  private var statelessBudget: TokenBucket
  private let limits = EndpointConfiguration(secret: [], stableName: "")

  init() {
    queue = HandshakeQueue(capacity: limits.waitingHandshakeLimit, patience: TimeAmount(limits.handshakePatience))
    statelessBudget = TokenBucket(perSecond: limits.statelessDatagramsPerSecond)
  }

  /// What one turn of the loop does.
  struct Turn {
    var datagramCount = 0
    var retries: [Fleet.Flight] = []
    var begun: [Fleet.Flight] = []
    /// Answers that are sent again.
    var repeated: [Fleet.Flight] = []
    var finishedCount = 0
  }

  /// A datagram comes; the kernel keeps so many.
  mutating func arrived(_ flight: Fleet.Flight) {
    if inbox.count < Self.socketCapacity { inbox.append(flight) }
  }

  var hasWork: Bool { !inbox.isEmpty || !queue.isEmpty && inProgress.count < limits.handshakeLimit }

  mutating func wake(at now: UInt64) { nextTurn = nextTurn ?? max(now, freeAt) }

  mutating func isBusy(until time: UInt64) {
    freeAt = time
    nextTurn = hasWork ? time : nil
  }

  mutating func turn(now: NIODeadline) -> Turn {
    var turn = Turn()
    while turn.datagramCount < Self.datagramsPerTurn, let flight = inbox.popFirst() {
      turn.datagramCount += 1
      let id = Self.id(of: flight)
      switch flight.kind {
      case .finished:
        if inProgress.removeValue(forKey: id) != nil { turn.finishedCount += 1 }
      case _ where inProgress[id] != nil: turn.repeated.append(flight)
      case .initial where mustWait(turn) || inProgress.count >= limits.retryThreshold:
        if statelessBudget.take(now: now) { turn.retries.append(flight) }
      case .initialWithToken where mustWait(turn) || !queue.isEmpty: _ = queue.append(flight, of: id, now: now)
      default: begin(flight, &turn, now)
      }
    }
    while let first = ends.first, first.time <= now {
      inProgress[first.id] = nil
      ends.removeFirst()
    }
    while !mustWait(turn), let next = queue.popOldest(now: now) { begin(next, &turn, now) }
    return turn
  }

  private func mustWait(_ turn: Turn) -> Bool {
    inProgress.count >= limits.handshakeLimit || turn.begun.count >= limits.handshakesPerTurn
  }

  private mutating func begin(_ flight: Fleet.Flight, _ turn: inout Turn, _ now: NIODeadline) {
    inProgress[Self.id(of: flight)] = now + .seconds(10)
    ends.append((Self.id(of: flight), now + .seconds(10)))
    turn.begun.append(flight)
  }

  private static func id(of flight: Fleet.Flight) -> ConnectionID {
    withUnsafeBytes(of: (UInt64(flight.edge), flight.attempt)) { ConnectionID($0) } ?? ConnectionID()
  }

  private static let socketCapacity = 1000
  private static let datagramsPerTurn = 256
}

/// What happens when.
struct TimeHeap {
  enum Timer {
    case begin(Int)
    case dial(Int, Int)
    case probe(Int, UInt64, Int)
  }

  private var entries: [(time: UInt64, timer: Timer)] = []

  var earliest: UInt64? { entries.first?.time }

  mutating func push(_ time: UInt64, _ timer: Timer) {
    entries.append((time, timer))
    var index = entries.count - 1
    while index > 0, entries[index].time < entries[(index - 1) / 2].time {
      entries.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func popDue(_ now: UInt64) -> Timer? {
    guard let first = entries.first, first.time <= now else { return nil }
    let last = entries.removeLast()
    guard !entries.isEmpty else { return first.timer }
    entries[0] = last
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].time < entries[child].time { child += 1 }
      guard entries[child].time < entries[index].time else { break }
      entries.swapAt(index, child)
      index = child
    }
    return first.timer
  }
}
