import Events
import Logging

extension ModuleEvent {
  /// The stable name in JSON lines.
  var name: String {
    switch self {
    case .answered: "module_answered"
    case .resumed: "module_transfer_resumed"
    case .stale: "module_stale"
    case .refused: "module_refused"
    case .downloadFailed: "module_download_failure"
    case .evicted: "modules_evicted"
    case .damaged: "module_files_damaged"
    case .storageFailed: "module_storage_failed"
    case .databaseUnreachable: "module_database_unreachable"
    case .sharedLookup: "module_shared_lookup"
    case .sharedStore: "module_shared_store"
    case .sharedRefused: "module_shared_refused"
    case .usage: "module_cache_usage"
    }
  }

  var logLevel: LogLevel {
    switch self {
    case .answered, .sharedLookup, .usage: .trace
    case .resumed, .evicted, .sharedStore(.back, _, _): .info
    case .stale: .notice
    case .refused, .downloadFailed, .damaged, .storageFailed, .sharedStore, .sharedRefused, .databaseUnreachable:
      .warning
    }
  }

  var sentence: String {
    switch self {
    case .answered(let answer, let byteCount): "module cache: \(answer.rawValue), \(byteCount) bytes"
    case .resumed: "a module's transfer broke off and went on where it had stopped"
    case .stale(let path, let age, let reason): "served \(path) as it was \(age) s ago: \(reason)"
    case .refused(_, let path, let reason): "did not take \(path): \(reason)"
    case .downloadFailed(let failure): "could not fetch \(failure.url) (\(failure.retryCount) retries): \(failure.message)"
    case .evicted(let count, let bytes): "removed \(count) entries (\(bytes) bytes) from the module cache"
    case .damaged(let count): "\(count) files of the module cache were not what they had been, and were removed"
    case .storageFailed(let path, let reason): "the module cache cannot use its disk, \(path) is served without: \(reason)"
    case .databaseUnreachable(let name, let rest):
      "the checksum database \(name) does not answer; for \(rest) s modules that it was not asked about before are taken unchecked"
    case .sharedLookup(let outcome): "shared module store: \(outcome.rawValue)"
    case .sharedStore(.away, let name, let reason): "\(name) is left alone for a while, modules are fetched without it: \(reason)"
    case .sharedStore(.back, let name, _): "\(name) answers again"
    case .sharedStore(.full, let name, let reason): "\(name) takes no modules: \(reason)"
    case .sharedRefused(let store, let path, let reason): "what \(store) has for \(path) is not used: \(reason)"
    case .usage(let bytes): "the module cache takes \(bytes) bytes"
    }
  }

  var logFields: Logger.Metadata {
    switch self {
    case .answered(let answer, let byteCount): ["answer": .string(answer.rawValue), "bytes": .stringConvertible(byteCount)]
    case .resumed: [:]
    case .stale(let path, let age, let reason):
      ["path": .string(path), "age_seconds": .stringConvertible(age), "reason": .string(reason)]
    case .refused(let refusal, let path, let reason):
      ["cause": .string(refusal.rawValue), "path": .string(path), "reason": .string(reason)]
    case .downloadFailed(let failure):
      ["path": .string(failure.url), "cause": .string(failure.cause), "reason": .string(failure.message)]
    case .evicted(let count, let bytes): ["entries": .stringConvertible(count), "bytes": .stringConvertible(bytes)]
    case .damaged(let count): ["files": .stringConvertible(count)]
    case .storageFailed(let path, let reason): ["path": .string(path), "reason": .string(reason)]
    case .databaseUnreachable(let name, let rest): ["database": .string(name), "rest_seconds": .stringConvertible(rest)]
    case .sharedLookup(let outcome): ["outcome": .string(outcome.rawValue)]
    case .sharedStore(let state, let name, let reason):
      ["state": .string(state.rawValue), "store": .string(name), "reason": .string(reason)]
    case .sharedRefused(let store, let path, let reason):
      ["store": .string(store), "path": .string(path), "reason": .string(reason)]
    case .usage(let bytes): ["bytes": .stringConvertible(bytes)]
    }
  }
}
