internal import DequeModule
internal import NIOCore

/// Clients whose handshakes cannot begin yet, because enough are in progress: a pure value that serves the oldest first.
///
/// A client that waits sends its first packet again and again; it keeps its place. One that has waited for longer than clients do
/// has gone, and is passed over: work on it would be lost, and those behind it would be gone, too, when their turn comes.
struct HandshakeQueue<Handshake> {
  private struct Waiting {
    var handshake: Handshake
    let since: NIODeadline
  }

  private var order: Deque<ConnectionID> = []
  private var waiting: [ConnectionID: Waiting] = [:]
  private let capacity: Int
  private let patience: TimeAmount

  /// - Parameters:
  ///   - capacity: how many may wait.
  ///   - patience: how long a client goes on trying.
  init(capacity: Int, patience: TimeAmount) {
    self.capacity = capacity
    self.patience = patience
  }

  var isEmpty: Bool { order.isEmpty }
  var count: Int { waiting.count }

  /// Puts a client at the end, or lets it keep its place.
  ///
  /// - Parameter id: the destination of its first packet, the same in each repetition.
  /// - Returns: false when there is no room.
  mutating func append(_ handshake: Handshake, of id: ConnectionID, now: NIODeadline) -> Bool {
    if waiting[id] != nil {
      waiting[id]?.handshake = handshake
      return true
    }
    dropGone(now: now)
    guard waiting.count < capacity else { return false }
    waiting[id] = Waiting(handshake: handshake, since: now)
    order.append(id)
    return true
  }

  /// Takes out who has waited longest and has not gone.
  mutating func popOldest(now: NIODeadline) -> Handshake? {
    dropGone(now: now)
    guard let id = order.popFirst() else { return nil }
    return waiting.removeValue(forKey: id)?.handshake
  }

  private mutating func dropGone(now: NIODeadline) {
    while let id = order.first, let first = waiting[id], first.since + patience <= now {
      order.removeFirst()
      waiting[id] = nil
    }
  }
}
