import LinkEmulator

/// What one direction is set to, as it was asked for.
struct DirectionSettings {
  private var asked = LinkConditions()
  private var blackouts: Blackouts?
  /// Whether damage comes with checksums that fit it.
  private(set) var hidesDamage: Bool

  /// Outages in turn with times in which the link carries.
  private struct Blackouts {
    let carries: Duration
    let lasts: Duration
    /// When the first begins; nanoseconds from when this is set.
    let first: UInt64
    /// Their times are means of random ones.
    let areRandom: Bool
  }

  /// netem's queue, where nothing is said.
  private static let defaultQueue = 1000
  private static let probability = 0.0...1.0
  private static let milliseconds = 0.0...600_000.0
  private static let seconds = 0.0...86_400.0

  /// Reads everything that the object has.
  init(_ reader: consuming ObjectReader) throws(ControlError) {
    asked.delay = try Self.duration(reader.number("delay_ms", in: Self.milliseconds))
    asked.jitter = try Self.duration(reader.number("jitter_ms", in: Self.milliseconds))
    asked.lossProbability = try reader.number("loss", in: Self.probability) ?? 0
    asked.longestLossRun = try reader.whole("loss_run", in: 1...1_000_000)
    asked.burstLoss = try Self.burst(reader.object("burst"))
    blackouts = try Self.blackouts(reader.object("blackouts"))
    asked.bitsPerSecond = try reader.number("rate_mbit", in: 0.001...100_000).map { UInt64($0 * 1_000_000) }
    asked.queueDatagrams = try reader.whole("queue_packets", in: 0...10_000_000)
    asked.queueBytes = try reader.whole("queue_bytes", in: 0...10_000_000_000)
    if asked.queueDatagrams == nil, asked.queueBytes == nil { asked.queueDatagrams = Self.defaultQueue }
    asked.reorderingProbability = try reader.number("reorder", in: Self.probability) ?? 0
    if let delay = try reader.number("reorder_delay_ms", in: Self.milliseconds) { asked.reorderingDelay = Self.duration(delay) }
    asked.duplicationProbability = try reader.number("duplicate", in: Self.probability) ?? 0
    asked.corruptionProbability = try reader.number("corrupt", in: Self.probability) ?? 0
    hidesDamage = try reader.bool("corrupt_unnoticed") ?? false
    asked.droppedOrdinals = try Set(reader.wholes("drop_list", in: 1...1_000_000_000))
    try reader.end()
  }

  /// The conditions of the model when this holds from `now` on.
  func conditions(from now: UInt64) -> LinkConditions {
    var conditions = asked
    guard let blackouts else { return conditions }
    if blackouts.areRandom {
      conditions.randomOutages = RandomOutages(meanLength: blackouts.lasts, meanPause: blackouts.carries)
    } else {
      conditions.repeatingOutage = RepeatingOutage(
        firstBegin: now + blackouts.first, length: blackouts.lasts, pause: blackouts.carries)
    }
    return conditions
  }

  private static func burst(_ reader: consuming ObjectReader?) throws(ControlError) -> BurstLoss? {
    guard var reader else { return nil }
    let burst = try BurstLoss(
      goodToBadProbability: reader.required("good_to_bad", in: probability),
      badToGoodProbability: reader.required("bad_to_good", in: probability),
      lossInGood: reader.number("loss_in_good", in: probability) ?? 0,
      lossInBad: reader.number("loss_in_bad", in: probability) ?? 1)
    try reader.end()
    return burst
  }

  /// The first begins when the link has carried for `on_s`, unless `first_s` says otherwise.
  private static func blackouts(_ reader: consuming ObjectReader?) throws(ControlError) -> Blackouts? {
    guard var reader else { return nil }
    let carries = try reader.required("on_s", in: seconds)
    let lasts = try reader.required("off_s", in: seconds)
    let first = try reader.number("first_s", in: seconds) ?? carries
    let areRandom = try reader.bool("random") ?? false
    try reader.end()
    return Blackouts(
      carries: .seconds(carries), lasts: .seconds(lasts), first: UInt64(first * 1_000_000_000), areRandom: areRandom)
  }

  private static func duration(_ milliseconds: Double?) -> Duration { .milliseconds(milliseconds ?? 0) }
}
