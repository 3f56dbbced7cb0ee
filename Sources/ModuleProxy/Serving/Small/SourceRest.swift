import NIOCore

/// For how long nobody is asked again who did not answer, where there is something old to give. A pure value.
///
/// One thing that cannot be had says nothing of others; when several could not one after another, it is the way there that is
/// broken, and not each of many lists waits for it.
struct SourceRest {
  private var until: [String: NIODeadline] = [:]
  private var allUntil = NIODeadline.distantPast
  /// What could not be had since the last answer.
  private var failed: Set<String> = []

  mutating func failed(_ key: String, now: NIODeadline) {
    if until.count >= Self.remembered {
      until.removeAll()
      failed.removeAll()
    }
    until[key] = now + Self.time
    failed.insert(key)
    if failed.count >= Self.several { allUntil = now + Self.time }
  }

  mutating func answered(_ key: String) {
    until[key] = nil
    failed.removeAll()
    allUntil = .distantPast
  }

  func holds(_ key: String, now: NIODeadline) -> Bool { now < allUntil || until[key].map { now < $0 } == true }

  private static let time = TimeAmount.seconds(5)
  private static let several = 3
  private static let remembered = 1000
}
