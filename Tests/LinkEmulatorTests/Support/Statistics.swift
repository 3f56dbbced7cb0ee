import Foundation

/// What chance may do. All bounds are those that a right model leaves in one of a thousand cases; the tests have fixed seeds.
enum Statistics {
  private static let deviations = 3.29

  /// The count of successes in independent trials.
  static func binomial(_ trials: Int, _ probability: Double) -> ClosedRange<Double> {
    around(Double(trials) * probability, (Double(trials) * probability * (1 - probability)).squareRoot())
  }

  /// The mean of independent values with that mean and that standard deviation.
  static func mean(of count: Int, _ mean: Double, deviation: Double) -> ClosedRange<Double> {
    around(mean, deviation / Double(count).squareRoot())
  }

  /// The count of steps in the bad state of Gilbert and Elliott's chain: its steps hang together, so it strays further than that
  /// of independent trials.
  static func stepsInBadState(_ steps: Int, goodToBad: Double, badToGood: Double) -> ClosedRange<Double> {
    let share = goodToBad / (goodToBad + badToGood)
    let memory = 1 - goodToBad - badToGood
    let variance = share * (1 - share) * (1 + memory) / (1 - memory)
    return around(Double(steps) * share, (Double(steps) * variance).squareRoot())
  }

  /// Pearson's measure of how far counts are from what is expected.
  static func chiSquare(_ counts: [Int], expected: [Double]) -> Double {
    zip(counts, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) / $1.1 }
  }

  /// What Pearson's measure stays below, by Wilson and Hilferty.
  static func chiSquareBound(freedom: Int) -> Double {
    let share = 2 / (9 * Double(freedom))
    return Double(freedom) * pow(1 - share + 3.09 * share.squareRoot(), 3)
  }

  /// The largest distance between the values' distribution and an even one over 0 ... 1 (Kolmogorov and Smirnov), in units of the
  /// bound.
  static func distanceFromEven(_ values: [Double]) -> Double {
    let count = Double(values.count)
    var greatest = 0.0
    for (index, value) in values.sorted().enumerated() {
      greatest = max(greatest, abs(value - Double(index) / count), abs(value - Double(index + 1) / count))
    }
    return greatest * count.squareRoot() / 1.95
  }

  /// How much each value hangs together with the one before, in units of the bound.
  static func memory(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let together = zip(values, values.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
    return abs(together / variance) * Double(values.count).squareRoot() / deviations
  }

  private static func around(_ middle: Double, _ deviation: Double) -> ClosedRange<Double> {
    middle - deviations * deviation...middle + deviations * deviation
  }
}
