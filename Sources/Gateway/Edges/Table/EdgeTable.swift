import Exchange

/// The edges that are connected and those that were lost a moment ago: a state machine of one loop. What happened goes in, what
/// is to be done comes out.
struct EdgeTable {
  private(set) var records: [EdgeRecord] = []
  private var byIdentity: [String: [EdgeRecord]] = [:]
  private var lost = LostEdges()
  /// For targets with edges that may serve them; forgotten whenever something changes.
  private var candidates: [EdgeTarget: [EdgeRecord]] = [:]
  private var turn: UInt64 = 0

  /// What the registry does about a change.
  enum Consequence: Equatable {
    /// A newer connection of the same process is there.
    case replace(EdgeConnectionID)
    /// Another process of the same edge is there.
    case doubt(EdgeConnectionID)
  }

  subscript(id: EdgeConnectionID) -> EdgeRecord? { records.first { $0.id == id } }

  /// Whether another process of an identity may be listed.
  func hasRoom(for identity: String, instance: [UInt8]) -> Bool {
    var instances: Set<[UInt8]> = []
    for record in byIdentity[EdgeRecord.key(identity)] ?? [] where !record.isDraining {
      instances.insert(record.edge.announcement.instance)
    }
    return instances.contains(instance) || instances.count < Self.processLimit
  }

  mutating func insert(_ record: EdgeRecord) -> [Consequence] {
    records.append(record)
    if let fellow = byIdentity[record.key]?.first { record.identity = fellow.identity }
    byIdentity[record.key, default: []].append(record)
    changed()
    return settle(record)
  }

  mutating func confirmed(_ record: EdgeRecord) -> [Consequence] {
    record.edge.isConfirmed = true
    changed()
    return settle(record)
  }

  /// - Parameters:
  ///   - now: in the caller's nanoseconds, as all times here.
  ///   - expectedUntil: nil for an edge that nobody waits for.
  mutating func remove(_ record: EdgeRecord, now: UInt64, expectedUntil: UInt64?) {
    records.removeAll { $0 === record }
    byIdentity[record.key]?.removeAll { $0 === record }
    if byIdentity[record.key]?.isEmpty == true { byIdentity[record.key] = nil }
    if let expectedUntil, record.edge.isConfirmed, !record.isDraining, !isStanding(otherThan: record) {
      lost.lost(record, until: expectedUntil, now: now)
    }
    changed()
  }

  /// Something of a record is not as it was.
  mutating func changed() { candidates.removeAll(keepingCapacity: true) }

  /// The edge that gets the next request, which this is.
  mutating func choose(for target: EdgeTarget, mayBeRepeated: Bool, isExcluded: (EdgeRecord) -> Bool) -> EdgeRecord? {
    guard let best = best(for: target, mayBeRepeated: mayBeRepeated, isExcluded: isExcluded) else { return nil }
    turn += 1
    best.lastTurn = turn
    best.identity.lastTurn = turn
    return best
  }

  /// The edge that would get the next request.
  ///
  /// - Parameters:
  ///   - isExcluded: edges on which the request has failed.
  ///   - mayBeRepeated: whether the request may be lost and sent again.
  mutating func best(for target: EdgeTarget, mayBeRepeated: Bool, isExcluded: (EdgeRecord) -> Bool) -> EdgeRecord? {
    var best: (record: EdgeRecord, rank: Rank)?
    for record in serving(target) {
      guard let standing = record.standing(mayBeRepeated: mayBeRepeated), !isExcluded(record) else { continue }
      let rank = self.rank(record, standing, target.balance)
      if best.map({ rank < $0.rank }) ?? true { best = (record, rank) }
    }
    return best?.record
  }

  /// The loop, if it is one and not this one, that holds the connections of all edges that may serve a target.
  /// - Parameter target: nil for any.
  mutating func otherLoop(serving target: EdgeTarget?) -> Int? {
    var found: Int?
    for record in target.map({ serving($0) }) ?? records where record.standing(mayBeRepeated: true) != nil {
      guard case .otherLoop(let index) = record.edge.home, index == found ?? index else { return nil }
      found = index
    }
    return found
  }

  /// Who comes first: identities are compared before their processes, so that none gets more by having many.
  private typealias Rank = (standing: Int, identityLoad: Int, identityTurn: UInt64, load: Int, turn: UInt64)

  private func rank(_ record: EdgeRecord, _ standing: EdgeRecord.Standing, _ balance: EdgeBalance) -> Rank {
    let isByLoad = balance == .leastBusy
    return (
      standing.rawValue, isByLoad ? record.identity.exchangeCount : 0, record.identity.lastTurn,
      isByLoad ? record.exchanges.count : 0, record.lastTurn
    )
  }

  /// Why no edge can be chosen now.
  enum Absent: Equatable {
    /// One is there but silent or not proven yet, or was lost and is expected back: it is worth waiting.
    case expected
    /// Edges are there that expose other services.
    case exposesOthers
    /// An edge claims the service and may not.
    case mayNotClaim(identity: String)
    /// Those that are there have refused this request.
    case refused
    case gone
  }

  /// - Parameter hasRefused: edges that did not take the request and will not be asked again.
  func absence(of target: EdgeTarget, now: UInt64, hasRefused: (EdgeRecord) -> Bool) -> Absent {
    let connected = connected(target.edges)
    let serving = connected.filter { $0.granted.services.contains(target.service) && !$0.isDraining }
    if serving.contains(where: { $0.isSuspect || !hasRefused($0) }) { return .expected }
    if lost.isExpected(for: target, now: now) { return .expected }
    if !serving.isEmpty { return .refused }
    if let claimant = connected.first(where: { $0.granted.refused.contains(target.service) }) {
      return .mayNotClaim(identity: claimant.edge.identity)
    }
    return connected.allSatisfy(\.isDraining) ? .gone : .exposesOthers
  }

  private func connected(_ selection: EdgeSelection) -> [EdgeRecord] {
    switch selection {
    case .edge(let identity): byIdentity[EdgeRecord.key(identity)] ?? []
    case .group: records.filter { $0.matches(selection) }
    }
  }

  private mutating func serving(_ target: EdgeTarget) -> [EdgeRecord] {
    if let known = candidates[target] { return known }
    let found = connected(target.edges).filter { $0.granted.services.contains(target.service) }
    // Names that nobody exposes come from outside, and are not kept.
    if !found.isEmpty { candidates[target] = found }
    return found
  }

  /// Of the proven connections of one process the newest stays; those of other processes of the same edge have to show that they
  /// live. All loops come to the same result, whatever the order in which they are told.
  private mutating func settle(_ record: EdgeRecord) -> [Consequence] {
    guard record.edge.isConfirmed, !record.isDraining else { return [] }
    if !isStanding(otherThan: record) { lost.returned(record) }
    let others = (byIdentity[record.key] ?? []).filter { $0 !== record && !$0.isDraining }
    var consequences: [Consequence] = []
    let same = others.filter { $0.edge.isConfirmed && $0.edge.announcement.instance == record.edge.announcement.instance }
    let newest = same.reduce(record) { $1.isNewer(than: $0) ? $1 : $0 }
    for old in same + [record] where old !== newest { consequences.append(.replace(old.id)) }
    for other in others where other.edge.announcement.instance != record.edge.announcement.instance {
      if record.isNewer(than: other) { consequences.append(.doubt(other.id)) }
    }
    return consequences
  }

  /// Whether the process of a connection has another one that is proved and takes requests.
  private func isStanding(otherThan record: EdgeRecord) -> Bool {
    byIdentity[record.key]?.contains {
      $0 !== record && $0.edge.isConfirmed && !$0.isDraining && $0.edge.announcement.instance == record.edge.announcement.instance
    } ?? false
  }

  /// Processes of one identity. One that is restarted again and again leaves others behind until they are found to be dead.
  static let processLimit = 32
}

extension EdgeRecord {
  fileprivate func isNewer(than other: EdgeRecord) -> Bool {
    (edge.arrival, edge.id.number) > (other.edge.arrival, other.edge.id.number)
  }
}
