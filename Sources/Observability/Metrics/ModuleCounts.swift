import Events

/// What the module caches of one loop have counted.
struct ModuleCounts: Sendable, Equatable {
  var answers: [ModuleAnswer: UInt64] = [:]
  var refusals: [ModuleRefusal: UInt64] = [:]
  var savedBytes: UInt64 = 0
  var resumes: UInt64 = 0
  var failures: UInt64 = 0
  var evictions: UInt64 = 0
  var evictedBytes: UInt64 = 0
  var damages: UInt64 = 0
  var storageFailures: UInt64 = 0
  var sharedLookups: [SharedLookupOutcome: UInt64] = [:]
  /// As last told.
  var usedBytes: UInt64 = 0

  mutating func record(_ event: ModuleEvent) {
    switch event {
    case .answered(let answer, let byteCount):
      answers[answer, default: 0] += 1
      if answer != .miss, answer != .bypass { savedBytes += UInt64(byteCount) }
    case .resumed: resumes += 1
    case .stale, .databaseUnreachable, .sharedStore, .sharedRefused: break
    case .sharedLookup(let outcome): sharedLookups[outcome, default: 0] += 1
    case .refused(let refusal, _, _): refusals[refusal, default: 0] += 1
    case .downloadFailed: failures += 1
    case .evicted(let entryCount, let byteCount):
      evictions += UInt64(entryCount)
      evictedBytes += UInt64(byteCount)
    case .damaged(let count): damages += UInt64(count)
    case .storageFailed: storageFailures += 1
    case .usage(let byteCount): usedBytes = UInt64(byteCount)
    }
  }

  mutating func add(_ other: ModuleCounts) {
    answers.merge(other.answers, uniquingKeysWith: +)
    refusals.merge(other.refusals, uniquingKeysWith: +)
    savedBytes += other.savedBytes
    resumes += other.resumes
    failures += other.failures
    evictions += other.evictions
    evictedBytes += other.evictedBytes
    damages += other.damages
    storageFailures += other.storageFailures
    sharedLookups.merge(other.sharedLookups, uniquingKeysWith: +)
    usedBytes += other.usedBytes
  }
}
