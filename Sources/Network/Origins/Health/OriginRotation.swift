import Gateway

/// Whose turn it is among the origins of a service, by their weights: smoothly, so that one with a weight of 5 does not get five
/// requests in a row (the algorithm is nginx's). A pure value.
struct OriginRotation {
  private let shares: [OriginShare]
  private var credits: [Int]

  /// - Parameter shares: one for each origin; empty where all are alike.
  init(_ shares: [OriginShare], count: Int) {
    self.shares = shares.isEmpty ? [OriginShare](repeating: OriginShare(), count: count) : shares
    credits = [Int](repeating: 0, count: count)
  }

  /// - Parameter isUsable: whether an origin is well. When none is, the one whose turn it would be is taken all the same: there may be
  ///   nothing wrong with it any more.
  mutating func next(where isUsable: (Int) -> Bool) -> Int {
    let own = shares.indices.filter { !shares[$0].isBackup }
    let backups = shares.indices.filter { shares[$0].isBackup }
    for candidates in [own.filter(isUsable), backups.filter(isUsable), own, backups] where !candidates.isEmpty {
      return take(candidates)
    }
    return 0
  }

  private mutating func take(_ candidates: [Int]) -> Int {
    var chosen = candidates[0]
    var total = 0
    for index in candidates {
      credits[index] += shares[index].weight
      total += shares[index].weight
      if credits[index] > credits[chosen] { chosen = index }
    }
    credits[chosen] -= total
    return chosen
  }
}
