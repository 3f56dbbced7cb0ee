/// What one direction of a link does to datagrams. The default does nothing: no delay, no loss, any rate.
public struct LinkConditions: Sendable, Equatable {
  /// The time on the way.
  public var delay: Duration = .zero
  /// The delay of each datagram is evenly spread from `delay - jitter` to `delay + jitter`, not below nothing, as netem's is.
  /// Datagrams stay in order, as netem keeps them where it has a rate: who is faster waits for who was sent before.
  public var jitter: Duration = .zero
  /// Each datagram is lost with this probability, independently of the others.
  public var lossProbability: Double = 0
  /// How many datagrams in a row `lossProbability` takes at most; the next one gets through. Nil for any number.
  public var longestLossRun: Int?
  /// Losses that come in bursts.
  public var burstLoss: BurstLoss?
  /// Everything that is sent in one of these times is lost; nanoseconds of virtual time.
  public var outages: [Range<UInt64>] = []
  /// The same, again and again.
  public var repeatingOutage: RepeatingOutage?
  /// The same, at random.
  public var randomOutages: RandomOutages?
  /// Of the datagrams sent since the conditions were last changed, those with these numbers are lost; the first is 1.
  public var droppedOrdinals: Set<Int> = []
  /// How fast datagrams are put on the wire; nil for at once.
  public var bitsPerSecond: UInt64?
  /// How many bytes may wait for that, besides the datagram that is being put there; what does not fit is dropped. Nil for any.
  public var queueBytes: Int? = 256 << 10
  /// How many datagrams may wait for that, besides the one that is being put there. Nil for any number.
  public var queueDatagrams: Int?
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
