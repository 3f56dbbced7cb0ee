/// Which of several cores new requests go to.
public enum LinkPreference: String, Sendable, CaseIterable {
  /// The first in the order of the configuration whose link works; the others stand by.
  case first
  /// All whose links work, in turns.
  case spread
}

/// Chooses among links: a pure value.
struct LinkChoice {
  private let preference: LinkPreference
  private var next = 0

  init(_ preference: LinkPreference) {
    self.preference = preference
  }

  /// The place of the link to use; nil when none works.
  ///
  /// - Parameter count: how many links there are.
  mutating func choose(among count: Int, isUsable: (Int) -> Bool) -> Int? {
    guard preference == .spread, count > 1 else { return (0..<count).first(where: isUsable) }
    for offset in 0..<count where isUsable((next + offset) % count) {
      let chosen = (next + offset) % count
      next = (chosen + 1) % count
      return chosen
    }
    return nil
  }
}
