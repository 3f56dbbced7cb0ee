import Exchange

/// The edges that are connected and those that were lost a moment ago: a state machine of one loop. What happened goes in, what
/// is to be done comes out.
struct EdgeTable {
  private(set) var records: [EdgeRecord] = []
  private var byIdentity: [String: [EdgeRecord]] = [:]
  /// Edges that are expected back, by identity.
  private var lost: [String: Absence] = [:]
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

  private struct Absence {
    let record: EdgeRecord
    let until: UInt64
  }

  subscript(id: EdgeConnectionID) -> EdgeRecord? { records.first { $0.id == id } }

  mutating func insert(_ record: EdgeRecord) -> [Consequence] {
    let key = EdgeRecord.key(record.edge.identity)
    records.append(record)
    byIdentity[key, default: []].append(record)
    lost[key] = nil
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
    let key = EdgeRecord.key(record.edge.identity)
    records.removeAll { $0 === record }
    byIdentity[key]?.removeAll { $0 === record }
    if byIdentity[key]?.isEmpty == true {
      byIdentity[key] = nil
      if let expectedUntil, record.edge.isConfirmed, !record.isDraining { expect(record, key, until: expectedUntil, now: now) }
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
    return best
  }

  /// The edge that would get the next request.
  ///
  /// - Parameters:
  ///   - isExcluded: edges on which the request has failed.
  ///   - mayBeRepeated: whether the request may be lost and sent again.
  mutating func best(for target: EdgeTarget, mayBeRepeated: Bool, isExcluded: (EdgeRecord) -> Bool) -> EdgeRecord? {
    var best: (record: EdgeRecord, rank: (Int, Int, UInt64))?
    for record in serving(target) {
      guard let standing = record.standing(mayBeRepeated: mayBeRepeated), !isExcluded(record) else { continue }
      let rank = (standing.rawValue, target.balance == .leastBusy ? record.exchanges.count : 0, record.lastTurn)
      if best.map({ rank < $0.rank }) ?? true { best = (record, rank) }
    }
    return best?.record
  }

  /// Why no edge can be chosen now.
  enum Absent: Equatable {
    /// One is there but silent or not proven yet, or was lost and is expected back: it is worth waiting.
    case expected
    /// Edges are there that expose other services.
    case exposesOthers
    /// An edge claims the service and may not.
    case mayNotClaim(identity: String)
    case gone
  }

  mutating func absence(of target: EdgeTarget, now: UInt64) -> Absent {
    let connected = connected(target.edges)
    if connected.contains(where: { $0.granted.services.contains(target.service) && !$0.isDraining }) { return .expected }
    switch target.edges {
    case .edge(let identity):
      if let absence = lost[EdgeRecord.key(identity)], absence.until > now { return .expected }
    case .group:
      if lost.values.contains(where: { $0.until > now && $0.record.mayServe(target) }) { return .expected }
    }
    if let claimant = connected.first(where: { $0.granted.refused.contains(target.service) }) {
      return .mayNotClaim(identity: claimant.edge.identity)
    }
    return connected.allSatisfy(\.isDraining) ? .gone : .exposesOthers
  }

  /// Those whose time is over go when there are many, so that a request that finds nobody need not look at all of them.
  private mutating func expect(_ record: EdgeRecord, _ key: String, until: UInt64, now: UInt64) {
    if lost.count >= Self.lostLimit { lost = lost.filter { $0.value.until > now } }
    if lost.count < Self.lostLimit { lost[key] = Absence(record: record, until: until) }
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
  private func settle(_ record: EdgeRecord) -> [Consequence] {
    guard record.edge.isConfirmed, !record.isDraining else { return [] }
    let others = (byIdentity[EdgeRecord.key(record.edge.identity)] ?? []).filter { $0 !== record && !$0.isDraining }
    var consequences: [Consequence] = []
    let same = others.filter { $0.edge.isConfirmed && $0.edge.announcement.instance == record.edge.announcement.instance }
    let newest = same.reduce(record) { $1.isNewer(than: $0) ? $1 : $0 }
    for old in same + [record] where old !== newest { consequences.append(.replace(old.id)) }
    for other in others where other.edge.announcement.instance != record.edge.announcement.instance {
      if record.isNewer(than: other) { consequences.append(.doubt(other.id)) }
    }
    return consequences
  }

  private static let lostLimit = 4096
}

extension EdgeRecord {
  fileprivate func isNewer(than other: EdgeRecord) -> Bool {
    (edge.since, edge.id.number) > (other.edge.since, other.edge.id.number)
  }
}
