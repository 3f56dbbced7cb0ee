/// What one direction of a link does to datagrams. The default does nothing: no delay, no loss, any rate.
public struct LinkConditions: Sendable {
  /// The time on the way.
  public var delay: Duration = .zero
  /// Added to the delay, evenly spread from nothing to this; datagrams stay in order.
  public var jitter: Duration = .zero
  /// Each datagram is lost with this probability, independently of the others.
  public var lossProbability: Double = 0
  /// Losses that come in bursts.
  public var burstLoss: BurstLoss?
  /// Everything that is sent in one of these times is lost; nanoseconds of virtual time.
  public var outages: [Range<UInt64>] = []
  /// How fast datagrams are put on the wire; nil for at once.
  public var bitsPerSecond: UInt64?
  /// How many bytes may wait for that; what does not fit is dropped.
  public var queueBytes: Int = 256 << 10
  /// A datagram is held back by `reorderingDelay`, so that later ones overtake it, with this probability.
  public var reorderingProbability: Double = 0
  public var reorderingDelay: Duration = .milliseconds(5)
  /// A datagram arrives twice with this probability.
  public var duplicationProbability: Double = 0
  /// A bit of a datagram is flipped with this probability.
  public var corruptionProbability: Double = 0

  public init() {}

  public init(delay: Duration, lossProbability: Double = 0, bitsPerSecond: UInt64? = nil) {
    self.delay = delay
    self.lossProbability = lossProbability
    self.bitsPerSecond = bitsPerSecond
  }
}

/// The model of Gilbert and Elliott: a good and a bad state, each with its own loss, changing with each datagram.
public struct BurstLoss: Sendable {
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
