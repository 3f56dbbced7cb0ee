import LinkEmulator
@testable import Network
import NIOCore
@testable import QUICTransport

/// Many edges that dial one core over an emulated link, with a virtual clock: the edges' real dialling and the core's real queue,
/// between them datagrams that stand for a handshake's flights, and a processor of the core's that each of them costs time.
final class Fleet {
  /// What is on the way. The numbers are the edge's and its attempt's.
  struct Flight: LinkDatagram {
    enum Kind { case initial, initialWithToken, retry, answer, finished }
    var kind: Kind
    var edge: Int
    var attempt: UInt64
    var byteCount: Int { kind == .answer ? 3600 : kind == .retry || kind == .finished ? 100 : 1200 }
    mutating func flip(bit: Int) {}
  }

  struct Costs {
    /// A datagram that is answered without a handshake, or not at all.
    var datagram: UInt64 = 10_000
    /// Key exchange and signature.
    var handshake: UInt64 = 2_000_000
    var finished: UInt64 = 400_000
  }

  /// What was seen.
  struct Outcome {
    var linkedAt: [Double?]
    /// The longest turn of the core's loop, seconds.
    var longestTurn = 0.0
    var handshakes = 0
    /// Datagrams that reached the core in its busiest second, and in an average one while it was dark.
    var datagramsInBusiestSecond = 0
    var sentWhileDark = 0
    var linkedCount = 0
  }

  private(set) var outcome: Outcome
  private var link: Link<Flight>
  private var edges: [SimulatedEdge]
  private var timers = TimeHeap()
  private var core: SimulatedCore
  private let costs: Costs
  private let isNew: Bool
  private var random: SeededGenerator
  private var now: UInt64 = 0
  private var isDark = true
  private var perSecond: [Int: Int] = [:]

  /// - Parameters:
  ///   - waiting: the share of edges at which a request waits.
  ///   - perAddress: how many of them share an address, behind a NAT.
  ///   - isNew: they have just been started; else they have had a link.
  init(
    edges count: Int, perAddress: Int = 1, waiting: Double, isNew: Bool = false, conditions: LinkConditions, costs: Costs = Costs(),
    seed: UInt64
  ) {
    core = SimulatedCore { edge in
      let number = edge / perAddress
      return AddressBlock(Address(ipAddress: "10.0.\(number >> 8).\(number & 255)", port: 1)!)
    }
    outcome = Outcome(linkedAt: Array(repeating: nil, count: count))
    link = Link(conditions, seed: seed)
    random = SeededGenerator(seed: seed &+ 1)
    self.costs = costs
    self.isNew = isNew
    edges = (0..<count).map { _ in SimulatedEdge() }
    for index in 0..<count where Double(index) < waiting * Double(count) { edges[index].isWanted = true }
  }

  /// All lose their core within a second, or are started in it, which comes back after `dark` seconds; runs until `end` seconds after that.
  func run(dark: Double, until end: Double) {
    for index in edges.indices { timers.push(random.next() % 1_000_000_000, .begin(index)) }
    let back = nanoseconds(dark)
    let limit = nanoseconds(dark + end)
    while true {
      let next = [timers.earliest, link.nextArrival, core.nextTurn].compactMap { $0 }.min()
      guard let next, next <= limit else { break }
      if isDark, next >= back { isDark = false }
      now = max(now, next)
      while let timer = timers.popDue(now) { fire(timer, back) }
      while let flight = link.forward.receive(at: now) { core.arrived(flight) }
      if core.hasWork { core.wake(at: now) }
      if let turn = core.nextTurn, turn <= now { runCore(back) }
      while let flight = link.backward.receive(at: now) { receive(flight, back) }
      if outcome.linkedCount == edges.count, link.nextArrival == nil { break }
    }
    outcome.datagramsInBusiestSecond = perSecond.values.max() ?? 0
  }

  // MARK: Edges

  private func fire(_ timer: TimeHeap.Timer, _ back: UInt64) {
    switch timer {
    case .begin(let index):
      var actions = edges[index].dialing.started(moment)
      actions += edges[index].dialing.resolved([Self.address], moment)
      if !isNew, case .dial(let attempt, _)? = actions.first(where: { if case .dial = $0 { true } else { false } }) {
        _ = edges[index].dialing.completed(attempt)
        edges[index].dialing.confirmed(attempt)
        actions = edges[index].dialing.ended(attempt, isRefused: false, moment)
      }
      if edges[index].isWanted { actions += edges[index].dialing.wanted(moment) }
      act(actions, index, back)
    case .dial(let index, let generation):
      guard generation == edges[index].timerGeneration else { return }
      act(edges[index].dialing.timerFired(moment), index, back)
    case .probe(let index, let attempt, let count):
      guard let kind = edges[index].attempts[attempt] else { return }
      // Handshakes are given up after 10 s, and the end of one is not repeated for ever.
      guard count < 4 else {
        return kind == .finished ? (edges[index].attempts[attempt] = nil) : end(attempt, of: index, back)
      }
      send(Flight(kind: kind, edge: index, attempt: attempt))
      timers.push(now + 1_000_000_000 << UInt64(count), .probe(index, attempt, count + 1))
    }
  }

  private func act(_ actions: [LinkDialing.Action], _ index: Int, _ back: UInt64) {
    for action in actions {
      switch action {
      case .dial(let attempt, _): begin(.initial, attempt.number, of: index)
      case .abandon(let attempt), .discard(let attempt): edges[index].attempts[attempt.number] = nil
      case .wait(let delay):
        edges[index].timerGeneration += 1
        timers.push(now + UInt64(TimeAmount(delay).nanoseconds), .dial(index, edges[index].timerGeneration))
      case .cancelTimer: edges[index].timerGeneration += 1
      case .use:
        outcome.linkedAt[index] = Double(now - back) / 1e9
        outcome.linkedCount += 1
      case .resolve: act(edges[index].dialing.resolved([Self.address], moment), index, back)
      case .lose, .renew: break
      }
    }
  }

  private func begin(_ kind: Flight.Kind, _ attempt: UInt64, of index: Int) {
    edges[index].attempts[attempt] = kind
    send(Flight(kind: kind, edge: index, attempt: attempt))
    timers.push(now + 1_000_000_000, .probe(index, attempt, 1))
  }

  private func end(_ attempt: UInt64, of index: Int, _ back: UInt64) {
    edges[index].attempts[attempt] = nil
    act(edges[index].dialing.ended(LinkDialing.Attempt(number: attempt), isRefused: false, moment), index, back)
  }

  private func send(_ flight: Flight) {
    if isDark {
      outcome.sentWhileDark += 1
    } else {
      link.forward.send(flight, at: now)
    }
  }

  private func receive(_ flight: Flight, _ back: UInt64) {
    guard let kind = edges[flight.edge].attempts[flight.attempt] else { return }
    let attempt = LinkDialing.Attempt(number: flight.attempt)
    edges[flight.edge].dialing.heard(attempt, hasMuchToDo: kind == .initialWithToken || flight.kind == .retry, moment)
    switch flight.kind {
    case .retry where kind == .initial: begin(.initialWithToken, flight.attempt, of: flight.edge)
    case .answer:
      guard kind != .finished else { return }
      begin(.finished, flight.attempt, of: flight.edge)
      act(edges[flight.edge].dialing.completed(attempt), flight.edge, back)
    default: break
    }
  }

  private var moment: LinkDialing.Moment {
    LinkDialing.Moment(now: .uptimeNanoseconds(now), jitter: Double(random.next() >> 11) / Double(1 << 53))
  }

  // MARK: The core

  private func runCore(_ back: UInt64) {
    let turn = core.turn(now: .uptimeNanoseconds(now))
    perSecond[Int((now - back) / 1_000_000_000), default: 0] += turn.datagramCount
    var cost = UInt64(turn.datagramCount) * costs.datagram
    cost += UInt64(turn.begun.count) * costs.handshake + UInt64(turn.finishedCount) * costs.finished
    outcome.handshakes += turn.begun.count
    outcome.longestTurn = max(outcome.longestTurn, Double(cost) / 1e9)
    for flight in turn.retries { reply(.retry, to: flight, at: now + cost) }
    for flight in turn.begun + turn.repeated { reply(.answer, to: flight, at: now + cost) }
    core.isBusy(until: now + cost)
  }

  private func reply(_ kind: Flight.Kind, to flight: Flight, at time: UInt64) {
    link.backward.send(Flight(kind: kind, edge: flight.edge, attempt: flight.attempt), at: time)
  }

  private func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(seconds * 1e9) }

  private static let address = Address(ipAddress: "192.0.2.1", port: 4433)!
}

/// An edge: its dialling, and the attempts that go on, each with what it sends.
private struct SimulatedEdge {
  var dialing = LinkDialing()
  var isWanted = false
  var attempts: [UInt64: Fleet.Flight.Kind] = [:]
  var timerGeneration = 0
}
