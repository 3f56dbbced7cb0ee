internal import DequeModule
internal import NIOCore

/// Clients whose handshakes cannot begin yet, because enough are in progress: a pure value that serves each address in turn, and of
/// one address whoever has waited longest.
///
/// A client that waits sends its first packet again and again; it keeps its place. One that has waited for longer than clients do
/// has gone, and is passed over: work on it would be lost, and those behind it would be gone, too, when their turn comes.
struct HandshakeQueue<Handshake> {
  private struct Waiting {
    var handshake: Handshake
    let since: NIODeadline
    let block: AddressBlock
  }

  private var waiting: [ConnectionID: Waiting] = [:]
  /// In the order in which they came, with some that were served meanwhile.
  private var order: Deque<(id: ConnectionID, since: NIODeadline)> = []
  /// Each address that is in `turns`; none may wait there any more.
  private var lanes: [AddressBlock: Deque<ConnectionID>] = [:]
  private var turns: Deque<AddressBlock> = []
  private let capacity: Int
  private let capacityForOne: Int
  private let patience: TimeAmount

  /// - Parameters:
  ///   - capacity: how many may wait.
  ///   - capacityForOne: how many of them may be of one address.
  ///   - patience: how long a client goes on trying.
  init(capacity: Int, capacityForOne: Int, patience: TimeAmount) {
    self.capacity = capacity
    self.capacityForOne = capacityForOne
    self.patience = patience
  }

  var isEmpty: Bool { waiting.isEmpty }
  var count: Int { waiting.count }

  /// Puts a client at the end, or lets it keep its place.
  ///
  /// - Parameter id: the destination of its first packet, the same in each repetition.
  /// - Returns: false when there is no room.
  mutating func append(_ handshake: Handshake, of id: ConnectionID, from block: AddressBlock, now: NIODeadline) -> Bool {
    if waiting[id] != nil {
      waiting[id]?.handshake = handshake
      return true
    }
    dropGone(now: now)
    guard waiting.count < capacity, lanes[block]?.count ?? 0 < capacityForOne else { return false }
    waiting[id] = Waiting(handshake: handshake, since: now, block: block)
    order.append((id, now))
    if lanes[block] == nil { turns.append(block) }
    lanes[block, default: []].append(id)
    return true
  }

  /// Takes out the next client that has not gone, of the next address that has room for one.
  mutating func popNext(now: NIODeadline, where hasRoom: (AddressBlock) -> Bool) -> Handshake? {
    dropGone(now: now)
    for _ in 0..<turns.count {
      let block = turns.removeFirst()
      guard let id = lanes[block]?.first else {
        lanes[block] = nil
        continue
      }
      turns.append(block)
      guard hasRoom(block) else { continue }
      lanes[block]?.removeFirst()
      return waiting.removeValue(forKey: id)?.handshake
    }
    return nil
  }

  /// Whether a client waits of an address that has room for one.
  func contains(where hasRoom: (AddressBlock) -> Bool) -> Bool {
    turns.contains { lanes[$0]?.isEmpty == false && hasRoom($0) }
  }

  private mutating func dropGone(now: NIODeadline) {
    while let first = order.first {
      let present = waiting[first.id].flatMap { $0.since == first.since ? $0 : nil }
      guard present == nil || first.since + patience <= now else { return }
      order.removeFirst()
      guard let present else { continue }
      waiting[first.id] = nil
      // The oldest of all is the oldest of its address.
      lanes[present.block]?.removeFirst()
    }
  }
}
