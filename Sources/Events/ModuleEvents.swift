/// Where an answer of a module cache came from.
public enum ModuleAnswer: String, Sendable, CaseIterable {
  /// From the cache, without a word to the origin.
  case hit
  /// Fetched for this request.
  case miss
  /// Fetched for another request that was under way.
  case collapsed
  /// From a store that replicas share, where another one has put it.
  case shared
  /// From the cache, although it is old: the origin could not be reached.
  case stale
  /// Not this cache's business: passed on untouched.
  case bypass
}

/// Why content was not taken for what it was said to be.
public enum ModuleRefusal: String, Sendable, CaseIterable {
  /// A zip that is no zip of its module, or another answer that cannot be what was asked for.
  case malformed
  /// Its hash is not the one that the checksum database has recorded.
  case hashMismatch = "hash_mismatch"
  /// The checksum database's own answer is not signed by it, or does not prove what it says.
  case databaseUntrusted = "database_untrusted"
  case tooLarge = "too_large"
}

/// What became of a question to a store that replicas share.
public enum SharedLookupOutcome: String, Sendable, CaseIterable {
  case found
  case absent
  /// What was found cannot be what was asked for.
  case refused
  /// What was found may be right, but no checksum database has said so.
  case unproved
  /// It did not answer, or not in time.
  case failed
  /// It was left alone, because it had failed a moment ago.
  case skipped
}

/// How a store that replicas share is.
public enum SharedStoreState: String, Sendable, CaseIterable {
  case away
  case back
  /// It answers and takes nothing new.
  case full
}

/// A download that failed after its last retry.
public struct ModuleDownloadFailure: Sendable {
  public var module: String
  public var version: String
  /// The path that was asked for.
  public var url: String
  /// The status of the last answer; nil where there was none.
  public var status: Int?
  /// One of a few words: unreachable, broken, too_large, or a `ModuleRefusal`.
  public var cause: String
  public var message: String
  public var retryCount: Int
  /// The edge that asked.
  public var edge: String?
  public var node: String
  public var programVersion: String

  public init(
    module: String, version: String, url: String, status: Int?, cause: String, message: String, retryCount: Int, edge: String?,
    node: String, programVersion: String
  ) {
    self.module = module
    self.version = version
    self.url = url
    self.status = status
    self.cause = cause
    self.message = message
    self.retryCount = retryCount
    self.edge = edge
    self.node = node
    self.programVersion = programVersion
  }
}

/// What happens in a cache of Go modules.
public enum ModuleEvent: Sendable {
  /// A client was answered; `byteCount` of content are there at once, where they are.
  case answered(ModuleAnswer, byteCount: Int)
  /// A transfer that had broken off went on where it stopped.
  case resumed
  /// An old answer was given, because the origin could not be reached.
  case stale(path: String, ageSeconds: Int64, reason: String)
  /// Something that came was thrown away.
  case refused(ModuleRefusal, path: String, reason: String)
  case downloadFailed(ModuleDownloadFailure)
  case evicted(entryCount: Int, byteCount: Int)
  /// Files of the cache were not what they had been, and were removed.
  case damaged(count: Int)
  /// Something could not be written or read; it is served all the same.
  case storageFailed(path: String, reason: String)
  /// The checksum database did not answer; until the rest is over, what is not known of it already goes unchecked.
  case databaseUnreachable(name: String, restSeconds: Int)
  case sharedLookup(SharedLookupOutcome)
  /// `reason` is empty where there is nothing to add.
  case sharedStore(SharedStoreState, name: String, reason: String)
  /// What stood in the shared store was not used.
  case sharedRefused(store: String, path: String, reason: String)
  /// Bytes that the cache takes on the disk now.
  case usage(byteCount: Int)
}
