import DequeModule
import NIOCore
@testable import QUICTransport

/// A core as an `Endpoint` accepts connections, by the same `HandshakeAdmission`.
struct SimulatedCore {
  private(set) var nextTurn: UInt64?
  private var inbox: Deque<Fleet.Flight> = []
  private var freeAt: UInt64 = 0
  private var inProgress: [ConnectionID: NIODeadline] = [:]
  private var ends: Deque<(id: ConnectionID, edge: Int, time: NIODeadline)> = []
  private var admission = HandshakeAdmission<Fleet.Flight>(EndpointConfiguration(secret: [], stableName: ""))
  private let block: (Int) -> AddressBlock

  /// - Parameter block: where an edge's datagrams come from.
  init(block: @escaping (Int) -> AddressBlock) {
    self.block = block
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

  var hasWork: Bool { !inbox.isEmpty || admission.hasNext }

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
        if end(id, of: flight.edge) { turn.finishedCount += 1 }
      case _ where inProgress[id] != nil: turn.repeated.append(flight)
      default: decide(flight, id, &turn, now)
      }
    }
    while let first = ends.first, first.time <= now {
      _ = end(first.id, of: first.edge)
      ends.removeFirst()
    }
    while let next = admission.next(now: now) { begin(next, &turn, now) }
    admission.turnEnded()
    return turn
  }

  private mutating func decide(_ flight: Fleet.Flight, _ id: ConnectionID, _ turn: inout Turn, _ now: NIODeadline) {
    let hasToken = flight.kind == .initialWithToken
    switch admission.decide(hasProvedAddress: hasToken, from: block(flight.edge), id: id, now: now, handshake: { flight }) {
    case .begin: begin(flight, &turn, now)
    case .retry: turn.retries.append(flight)
    case .wait, .drop: break
    }
  }

  private mutating func begin(_ flight: Fleet.Flight, _ turn: inout Turn, _ now: NIODeadline) {
    admission.begun()
    admission.took(block(flight.edge))
    inProgress[Self.id(of: flight)] = now + .seconds(10)
    ends.append((Self.id(of: flight), flight.edge, now + .seconds(10)))
    turn.begun.append(flight)
  }

  /// - Returns: whether the handshake was in progress.
  private mutating func end(_ id: ConnectionID, of edge: Int) -> Bool {
    guard inProgress.removeValue(forKey: id) != nil else { return false }
    admission.released(block(edge))
    return true
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
