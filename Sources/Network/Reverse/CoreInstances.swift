/// Which core process each of an edge's reversed connections leads to (a pure value).
///
/// A core keeps one connection of an edge's process and lets the older ones drain. When two of the configured names lead to the
/// same core, the connection that it gives up is not wanted again as long as the other one stands.
struct CoreInstances {
  private var instances: [Int: [UInt8]] = [:]

  /// The core at this place of the configuration has told its instance.
  /// - Returns: other places that lead to the same process.
  mutating func met(_ instance: [UInt8], at place: Int) -> [Int] {
    let isNew = instances[place] != instance
    instances[place] = instance
    return isNew ? others(than: place) : []
  }

  /// The connection to the core at this place is over, or takes nothing new.
  /// - Returns: whether another one leads to the same process.
  mutating func left(_ place: Int) -> Bool {
    let hasOther = !others(than: place).isEmpty
    instances[place] = nil
    return hasOther
  }

  private func others(than place: Int) -> [Int] {
    guard let instance = instances[place] else { return [] }
    return instances.filter { $0.key != place && $0.value == instance }.map(\.key).sorted()
  }
}
