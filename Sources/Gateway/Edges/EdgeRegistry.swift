public import Events
public import Exchange
public import HTTPMessage
public import NIOCore

/// The edges that are connected to a core, as one event loop knows them, and the requests that wait for one of them. There is a
/// registry on each loop, told the same of every connection.
///
/// Used on its loop only. An edge is told by `arrived` when its announcement has come, so that it is never in the table without
/// one.
public final class EdgeRegistry {
  /// A newer connection of the same edge process has taken this one's place; the loop that holds it lets it drain.
  public var onReplaced: ((EdgeConnectionID) -> Void)?
  /// A connection of this loop may be dead, because another process of the same edge has come. It is to be probed, and every loop
  /// told by `suspected` that it is in doubt and what came of it: no other loop decides it, so that none is left with a doubt that
  /// was settled before it arose.
  public var onDoubted: ((EdgeConnectionID) -> Void)?
  /// Who may claim what; what is connected is judged anew.
  public var rules: EdgeRules { didSet { judgeAll() } }

  private var table = EdgeTable()
  private var waiting: [EdgeExchange] = []
  private let events: any EventSink
  private let timing: Timing
  private let mayBeRepeated: (RequestHead) -> Bool
  private let began: NIODeadline

  /// The loop's clock and timer.
  public struct Timing {
    public var now: () -> NIODeadline
    /// How long a request may wait for an edge.
    public var limit: Duration
    /// Calls its argument when a wait that begins now has lasted for `limit`, unless what it returns was called before.
    public var begin: (@escaping () -> Void) -> () -> Void

    public init(now: @escaping () -> NIODeadline, limit: Duration, begin: @escaping (@escaping () -> Void) -> () -> Void) {
      self.now = now
      self.limit = limit
      self.begin = begin
    }
  }

  /// - Parameters:
  ///   - events: told of the edges whose connections live on this loop.
  ///   - mayBeRepeated: whether it does no harm when an origin gets a request twice.
  public init(
    rules: EdgeRules = EdgeRules(), events: any EventSink, timing: Timing,
    mayBeRepeated: @escaping (RequestHead) -> Bool = { $0.isSafe }
  ) {
    self.rules = rules
    self.events = events
    self.timing = timing
    self.mayBeRepeated = mayBeRepeated
    began = timing.now()
  }

  /// Whether a process of an edge may come to those of its identity: 32 may stand side by side. Asked by the loop that holds its
  /// connection, before `arrived`.
  public func hasRoom(for identity: String, instance: [UInt8]) -> Bool { table.hasRoom(for: identity, instance: instance) }

  /// The edges whose connections live on this loop, as they are now.
  public var edges: [EdgeFacts] { table.records.filter(\.isHere).map(\.facts) }

  /// The index of the loop, if it is one and not this one, that holds the connections of all edges that may serve a target now.
  /// - Parameter target: nil for any.
  func otherLoop(serving target: EdgeTarget?) -> Int? { table.otherLoop(serving: target) }

  /// Opens an exchange at one of the edges of a target, or lets it wait for one.
  func open(_ request: ExchangeRequest, at target: EdgeTarget, respondingTo client: any EdgeClient) -> any RequestSink {
    let exchange = EdgeExchange(
      request, target: target, mayBeRepeated: mayBeRepeated(request.head), registry: self, client: client)
    place(exchange)
    return exchange
  }
}

// MARK: What connections tell

extension EdgeRegistry {
  /// A connection has announced an edge for the first time.
  public func arrived(_ edge: ConnectedEdge) {
    let record = EdgeRecord(edge, rules: rules)
    let consequences = table.insert(record)
    tell(.connected, record)
    run(consequences)
    changed(record)
  }

  /// Its handshake is confirmed: it proved to be no copy, and may take another's place.
  public func confirmed(_ id: EdgeConnectionID) {
    guard let record = table[id], !record.edge.isConfirmed else { return }
    run(table.confirmed(record))
    changed(record)
  }

  /// The edge announces something else than before, for example because its configuration was reloaded.
  public func announced(_ id: EdgeConnectionID, _ announcement: EdgeAnnouncement) {
    guard let record = table[id], record.edge.announcement != announcement else { return }
    record.edge.announcement = announcement
    record.judge(by: rules)
    tell(.changed, record)
    changed(record)
  }

  public func migrated(_ id: EdgeConnectionID, peerAddress: String) {
    table[id]?.edge.peerAddress = peerAddress
  }

  /// The edge has not answered for too long, or has answered again: requests go elsewhere while it is silent.
  public func suspected(_ id: EdgeConnectionID, _ isSuspect: Bool) {
    guard let record = table[id], record.isSuspect != isSuspect else { return }
    record.isSuspect = isSuspect
    tell(isSuspect ? .suspect : .heard, record)
    changed(record)
  }

  /// It takes no new requests (GOAWAY); those that it has are finished.
  public func draining(_ id: EdgeConnectionID) {
    guard let record = table[id], !record.isDraining else { return }
    record.isDraining = true
    tell(.draining, record)
    changed(record)
  }

  public func left(_ id: EdgeConnectionID, _ departure: EdgeDeparture, reason: String) {
    guard let record = table[id] else { return }
    let now = timing.now()
    table.remove(
      record, now: now.uptimeNanoseconds, expectedUntil: departure == .lost ? (now + Self.expectation).uptimeNanoseconds : nil)
    tell(.left, record, reason: reason)
    changed(record)
  }

  /// Tells of every edge whose connection lives on this loop.
  public func list() {
    for record in table.records { tell(.listed, record) }
  }

  private func run(_ consequences: [EdgeTable.Consequence]) {
    for consequence in consequences {
      switch consequence {
      case .replace(let id):
        guard let record = table[id] else { continue }
        record.isDraining = true
        tell(.replaced, record)
        onReplaced?(id)
      case .doubt(let id):
        // Without anybody to find out it would stay in doubt.
        guard let onDoubted, let record = table[id], record.isHere, !record.isSuspect else { continue }
        record.isSuspect = true
        tell(.doubted, record)
        onDoubted(id)
      }
    }
  }

  private func judgeAll() {
    for record in table.records where record.judge(by: rules) {
      tell(.changed, record, reason: "the rules of this core have changed")
    }
    changed(nil)
  }

  private func tell(_ phase: EdgePhase, _ record: EdgeRecord, reason: String = "") {
    if record.isHere { events.record(.edge(phase, record.facts, reason: reason)) }
  }

  /// How long an edge that was lost is expected back.
  private static let expectation = TimeAmount.seconds(60)
}

// MARK: Requests

extension EdgeRegistry {
  /// Sends an exchange to the edge whose turn it is, or lets it wait for one.
  func place(_ exchange: EdgeExchange) {
    let target = exchange.target
    if let record = table.choose(for: target, mayBeRepeated: exchange.mayBeRepeated, isExcluded: exchange.hasFailed) {
      return exchange.begin(on: record)
    }
    if let failure = exchange.lastFailure, !exchange.isWorthWaiting { return exchange.end(failure) }
    let absent = table.absence(of: target, now: timing.now().uptimeNanoseconds, hasRefused: exchange.wasRefused)
    let mayCome = absent == .expected || absent == .gone && isYoung
    guard mayCome, timing.limit > .zero else {
      return exchange.end(absent == .refused ? exchange.lastFailure ?? failure(absent, target) : failure(absent, target))
    }
    guard waiting.count < Self.waitingLimit else {
      return exchange.end(unavailable(target, status: 503, "too many requests wait for edges"))
    }
    waiting.append(exchange)
    exchange.limitWait { [timing] in timing.begin($0) }
  }

  /// Whether some edge on which the exchange has not failed could have it now.
  func hasAnother(for exchange: EdgeExchange) -> Bool {
    table.best(for: exchange.target, mayBeRepeated: exchange.mayBeRepeated, isExcluded: exchange.hasFailed) != nil
  }

  /// The exchange waits no more.
  func forget(_ exchange: EdgeExchange) {
    waiting.removeAll { $0 === exchange }
  }

  /// A request that an edge has is sent again.
  func repeated() { events.record(.requestsRepeated(count: 1)) }

  func waitPassed(_ exchange: EdgeExchange) {
    forget(exchange)
    exchange.end(exchange.lastFailure ?? unavailable(exchange.target, status: 503, "it does not answer; waited \(timing.limit)"))
  }

  /// Places what waits, and moves what may be sent twice away from edges that may not answer.
  ///
  /// - Parameter changed: the edge that is not as it was; nil for all.
  private func changed(_ changed: EdgeRecord?) {
    table.changed()
    func isConcerned(_ exchange: EdgeExchange) -> Bool { changed?.matches(exchange.target.edges) ?? true }
    let before = waiting
    waiting = before.filter { !isConcerned($0) }
    for exchange in before where isConcerned(exchange) { place(exchange) }
    for record in table.records where !record.exchanges.isEmpty && (record.isSuspect || !record.edge.isConfirmed) {
      for exchange in record.exchanges.values where exchange.mayRepeat {
        let better = table.best(for: exchange.target, mayBeRepeated: false) { $0 === record || exchange.hasFailed(on: $0) }
        if better != nil { exchange.move() }
      }
    }
  }

  /// Right after its start a core does not know who was there before.
  private var isYoung: Bool { timing.now() < began + Self.youth }

  private func failure(_ absent: EdgeTable.Absent, _ target: EdgeTarget) -> GatewayError {
    switch absent {
    case .expected: unavailable(target, status: 503, "it was lost a moment ago and this core does not wait")
    case .refused: unavailable(target, status: 503, "it has refused the request")
    case .gone: unavailable(target, status: 502, "no such edge is connected")
    case .exposesOthers:
      GatewayError(
        .destinationNotFound, side: .edge, retry: .safe,
        message: "\(target.edges) does not expose the service “\(target.service)”; name it in its configuration under expose")
    case .mayNotClaim(let identity):
      GatewayError(
        .destinationNotFound, side: .core, retry: .safe,
        message: "the edge \(identity) may not expose the service “\(target.service)”; see edges in this core's configuration")
    }
  }

  private func unavailable(_ target: EdgeTarget, status: Int, _ reason: String) -> GatewayError {
    GatewayError(
      .destinationUnavailable, side: .edge, retry: .safe, status: status,
      message: "\(target.edges) cannot be reached for the service “\(target.service)”: \(reason)")
  }

  private static let youth = TimeAmount.seconds(2)
  private static let waitingLimit = 4096
}
