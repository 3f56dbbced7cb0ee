/// Which core process each of an edge's reversed connections leads to (a pure value).
///
/// A core keeps one connection of an edge's process and lets the older ones drain. When two of the configured names lead to the
/// same core, the connection that it gives up is not wanted again as long as the other one stands.
struct CoreInstances {
  private var instances: [Int: [UInt8]] = [:]
  /// Places that have no connection because another one leads to this core.
  private var resting: [Int: [UInt8]] = [:]

  struct Meeting: Equatable {
    /// Other places that lead to the same process; told once.
    var others: [Int]
    /// Places that rested because of the process that this place has led to before: nothing leads there any more.
    var wanted: [Int]
  }

  enum Leaving: Equatable {
    /// Another place leads to the same process.
    case rests
    /// None does. Nor do those rest any longer that rested because of this one.
    case isWanted(others: [Int])
  }

  /// The core at this place of the configuration has told its instance.
  mutating func met(_ instance: [UInt8], at place: Int) -> Meeting {
    let isNew = instances[place] != instance
    instances[place] = instance
    resting[place] = nil
    return Meeting(others: isNew ? others(than: place) : [], wanted: woken())
  }

  /// The connection to the core at this place is over, or takes nothing new.
  mutating func left(_ place: Int) -> Leaving {
    let hasOther = !others(than: place).isEmpty
    let instance = instances.removeValue(forKey: place)
    if hasOther {
      resting[place] = instance
      return .rests
    }
    return .isWanted(others: woken())
  }

  private mutating func woken() -> [Int] {
    let wanted = resting.filter { !instances.values.contains($0.value) }.map(\.key).sorted()
    for place in wanted { resting[place] = nil }
    return wanted
  }

  private func others(than place: Int) -> [Int] {
    guard let instance = instances[place] else { return [] }
    return instances.filter { $0.key != place && $0.value == instance }.map(\.key).sorted()
  }
}
