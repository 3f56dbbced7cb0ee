import QUICTransport

/// How far back a shared store of flights remembers, as one core sees it (a pure value).
///
/// A store says since when it has been there. One that is younger than what this core knows of it has lost its content: a copy of
/// what another core took before that would be new to it. Until no such copy can be taken any more nothing that it says counts.
struct StoreMemory {
  private var since: Int64?
  private var incompleteUntil: Int64?

  /// - Parameter recordBeganAt: since when this core has a record of its own, over its restarts; nil without one. Seconds of Unix
  ///   time.
  init(recordBeganAt: Int64?) {
    // The first core makes its record a moment before it reaches the store.
    since = recordBeganAt.map { $0 + Self.startSeconds }
  }

  /// A connection to the store was made, which has been there since then.
  /// - Returns: false when it has lost what it knew.
  mutating func found(since found: Int64) -> Bool {
    defer { since = max(found, since ?? found) }
    guard let since, found > since else { return true }
    incompleteUntil = found + Int64(TicketLifetime.replayableSeconds)
    return false
  }

  func isComplete(unixTime: Int64) -> Bool { incompleteUntil.map { unixTime > $0 } ?? true }

  private static let startSeconds: Int64 = 60
}
