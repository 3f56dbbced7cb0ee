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

  /// - Parameters:
  ///   - isWell: whether an origin is to be used. When none is, one is taken all the same: there may be nothing wrong with it any
  ///     more.
  ///   - wasTried: whether it has failed the request before.
  mutating func next(where isWell: (Int) -> Bool, unless wasTried: (Int) -> Bool = { _ in false }) -> Int {
    guard shares.count > 1 else { return 0 }
    for choice in Self.choices {
      let chosen = take { index, share in
        share.isBackup == choice.isBackup && (!choice.isWell || isWell(index)) && (!choice.isUntried || !wasTried(index))
      }
      if let chosen { return chosen }
    }
    return 0
  }

  private mutating func take(where isCandidate: (Int, OriginShare) -> Bool) -> Int? {
    var chosen: Int?
    var total = 0
    for (index, share) in shares.enumerated() where isCandidate(index, share) {
      credits[index] += share.weight
      total += share.weight
      if let best = chosen, credits[index] <= credits[best] { continue }
      chosen = index
    }
    if let chosen { credits[chosen] -= total }
    return chosen
  }

  /// Who is asked, the best first: a backup that is well comes before those that are out.
  private static let choices: [(isBackup: Bool, isWell: Bool, isUntried: Bool)] = [
    (false, true, true), (true, true, true), (false, false, true), (true, false, true), (false, false, false),
  ]
}
