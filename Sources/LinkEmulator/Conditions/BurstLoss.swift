/// The model of Gilbert and Elliott: a good and a bad state, each with its own loss, changing with each datagram.
///
/// With no loss in the good state and all lost in the bad one, bursts are `1 / badToGoodProbability` datagrams long on average,
/// and the gaps between them `1 / goodToBadProbability`.
public struct BurstLoss: Sendable, Equatable {
  public var goodToBadProbability: Double
  public var badToGoodProbability: Double
  public var lossInGood: Double
  public var lossInBad: Double

  public init(goodToBadProbability: Double, badToGoodProbability: Double, lossInGood: Double = 0, lossInBad: Double = 1) {
    self.goodToBadProbability = goodToBadProbability
    self.badToGoodProbability = badToGoodProbability
    self.lossInGood = lossInGood
    self.lossInBad = lossInBad
  }
}
