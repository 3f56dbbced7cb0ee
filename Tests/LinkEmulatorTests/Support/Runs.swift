/// The lengths of what comes in a row.
enum Runs {
  /// How many are missing at each place of ascending numbers out of 0 ..< count; places where none is do not count.
  static func missing(from numbers: [Int], of count: Int) -> [Int] {
    zip([-1] + numbers, numbers + [count]).map { $1 - $0 - 1 }.filter { $0 > 0 }
  }

  /// How many are there between those that are missing.
  static func present(in numbers: [Int]) -> [Int] {
    var lengths: [Int] = []
    var previous: Int?
    for number in numbers {
      if number - 1 == previous { lengths[lengths.count - 1] += 1 } else { lengths.append(1) }
      previous = number
    }
    return lengths
  }
}
