internal import NIOCore

/// The connections of an endpoint by the time at which one wants to be woken: a binary heap that knows each connection's place.
///
/// A deadline that moves to a later time is not moved here, which is what nearly every packet would do; the connection is then
/// looked at too early once and put back.
struct DeadlineHeap {
  private var entries: [Connection] = []

  /// The earliest time at which a connection may want to be woken.
  var earliest: NIODeadline? { entries.first?.heapDeadline }

  /// Makes sure that the connection is looked at by `deadline`.
  mutating func schedule(_ connection: Connection, at deadline: NIODeadline) {
    if connection.heapIndex < 0 {
      connection.heapIndex = entries.count
      connection.heapDeadline = deadline
      entries.append(connection)
      siftUp(connection.heapIndex)
    } else if deadline < connection.heapDeadline {
      connection.heapDeadline = deadline
      siftUp(connection.heapIndex)
    }
  }

  /// Takes out the first connection whose time has come.
  mutating func popDue(now: NIODeadline) -> Connection? {
    guard let first = entries.first, first.heapDeadline <= now else { return nil }
    remove(first)
    return first
  }

  mutating func remove(_ connection: Connection) {
    let index = connection.heapIndex
    guard index >= 0 else { return }
    connection.heapIndex = -1
    let last = entries.removeLast()
    guard last !== connection else { return }
    place(last, at: index)
    siftDown(index)
    siftUp(last.heapIndex)
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    let connection = entries[index]
    while index > 0 {
      let parent = (index - 1) / 2
      guard connection.heapDeadline < entries[parent].heapDeadline else { break }
      place(entries[parent], at: index)
      index = parent
    }
    place(connection, at: index)
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    let connection = entries[index]
    while true {
      var child = 2 * index + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].heapDeadline < entries[child].heapDeadline { child += 1 }
      guard entries[child].heapDeadline < connection.heapDeadline else { break }
      place(entries[child], at: index)
      index = child
    }
    place(connection, at: index)
  }

  private mutating func place(_ connection: Connection, at index: Int) {
    entries[index] = connection
    connection.heapIndex = index
  }
}
