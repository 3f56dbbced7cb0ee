/// Edges that were lost a moment ago and are expected back, each process of them by itself (a pure value).
///
/// Of a process only what decides who waits for it is kept, and nothing of its connection. Times are the caller's nanoseconds.
struct LostEdges {
  /// By key of the identity, then by instance.
  private var absences: [String: [[UInt8]: Absence]] = [:]
  private var count = 0
  private var nextSweep: UInt64 = 0

  private struct Absence {
    let services: Set<String>
    let labels: [String: String]
    let until: UInt64
  }

  /// A process was lost. Where many are missed already, one more is not.
  mutating func lost(_ record: EdgeRecord, until: UInt64, now: UInt64) {
    sweep(now)
    let (key, instance) = (record.key, record.edge.announcement.instance)
    let processes = absences[key] ?? [:]
    guard processes[instance] != nil || count < Self.limit && processes.count < EdgeTable.processLimit else { return }
    if processes[instance] == nil { count += 1 }
    absences[key, default: [:]][instance] = Absence(services: record.granted.services, labels: record.granted.labels, until: until)
  }

  /// A process has proved that it is there. One that was not there before is taken for one of those that were lost, started
  /// again, when it exposes all that that one did.
  mutating func returned(_ record: EdgeRecord) {
    guard let processes = absences[record.key] else { return }
    let instance = record.edge.announcement.instance
    let former = processes.filter { $0.value.services.isSubset(of: record.granted.services) }.min { $0.value.until < $1.value.until }
    guard let gone = processes[instance] != nil ? instance : former?.key else { return }
    forget(gone, of: record.key)
  }

  func isExpected(for target: EdgeTarget, now: UInt64) -> Bool {
    func holds(_ absence: Absence) -> Bool { absence.until > now && absence.services.contains(target.service) }
    switch target.edges {
    case .edge(let identity):
      return absences[EdgeRecord.key(identity)]?.values.contains(where: holds) ?? false
    case .group(let labels):
      return absences.values.contains { processes in
        processes.values.contains { absence in holds(absence) && labels.allSatisfy { absence.labels[$0.key] == $0.value } }
      }
    }
  }

  /// Looks at all of them now and then, so that a loss costs little when there are many.
  private mutating func sweep(_ now: UInt64) {
    guard now >= nextSweep else { return }
    nextSweep = now + Self.sweepInterval
    absences = absences.compactMapValues { processes in
      let left = processes.filter { $0.value.until > now }
      return left.isEmpty ? nil : left
    }
    count = absences.values.reduce(0) { $0 + $1.count }
  }

  private mutating func forget(_ instance: [UInt8], of key: String) {
    if absences[key]?.removeValue(forKey: instance) != nil { count -= 1 }
    if absences[key]?.isEmpty == true { absences[key] = nil }
  }

  private static let limit = 4096
  private static let sweepInterval: UInt64 = 1_000_000_000
}
