/// Durations counted in buckets, as a Prometheus histogram of seconds.
struct DurationHistogram: Sendable, Equatable {
  /// Occurrences in each bucket alone, not cumulated; the last is for what is longer than all bounds.
  private(set) var counts = [UInt64](repeating: 0, count: Self.bounds.count + 1)
  private(set) var sum = Duration.zero

  mutating func record(_ duration: Duration) {
    counts[Self.bounds.firstIndex { duration <= $0.duration } ?? Self.bounds.count] += 1
    sum += duration
  }

  mutating func add(_ other: DurationHistogram) {
    for index in counts.indices { counts[index] += other.counts[index] }
    sum += other.sum
  }

  /// Upper bounds, each with its text for `le`: from half a millisecond (loopback) to a minute (a large module).
  static let bounds: [(duration: Duration, label: String)] = [
    (.microseconds(500), "0.0005"), (.milliseconds(1), "0.001"), (.microseconds(2_500), "0.0025"), (.milliseconds(5), "0.005"),
    (.milliseconds(10), "0.01"), (.milliseconds(25), "0.025"), (.milliseconds(50), "0.05"), (.milliseconds(100), "0.1"),
    (.milliseconds(250), "0.25"), (.milliseconds(500), "0.5"), (.seconds(1), "1"), (.milliseconds(2_500), "2.5"),
    (.seconds(5), "5"), (.seconds(10), "10"), (.seconds(30), "30"), (.seconds(60), "60"),
  ]
}
