import Exchange
import Gateway
import NIOCore

/// What the loop that holds a reversed connection tells the registries of all loops.
enum EdgeNews: Sendable {
  case arrived(EdgeArrival)
  case confirmed(EdgeConnectionID)
  case announced(EdgeConnectionID, EdgeAnnouncement)
  case migrated(EdgeConnectionID, peerAddress: String)
  case suspected(EdgeConnectionID, Bool)
  case draining(EdgeConnectionID)
  case left(EdgeConnectionID, EdgeDeparture, reason: String)

  /// - Parameter loop: the one that the registry is on.
  func tell(_ registry: EdgeRegistry, on loop: LoopContext) {
    switch self {
    case .arrived(let arrival): registry.arrived(arrival.edge(seenFrom: loop))
    case .confirmed(let id): registry.confirmed(id)
    case .announced(let id, let announcement): registry.announced(id, announcement)
    case .migrated(let id, let address): registry.migrated(id, peerAddress: address)
    case .suspected(let id, let isSuspect): registry.suspected(id, isSuspect)
    case .draining(let id): registry.draining(id)
    case .left(let id, let departure, let reason): registry.left(id, departure, reason: reason)
    }
  }
}

/// A reversed connection as it is handed to all loops.
struct EdgeArrival: Sendable {
  let id: EdgeConnectionID
  let identity: String
  let announcement: EdgeAnnouncement
  let peerAddress: String
  /// Milliseconds since 1970 (UTC).
  let since: Int64
  let arrival: NIODeadline
  let isConfirmed: Bool
  let homeIndex: Int
  /// The way to the connection, on the home loop.
  let door: NIOLoopBound<EdgeDoor>
  /// The same, for the other loops.
  let handler: NIOLoopBound<any ExchangeHandler>
  /// From the home loop to each loop, in loop order.
  let waysBack: [NIOLoopBound<HandOver>]

  fileprivate func edge(seenFrom loop: LoopContext) -> ConnectedEdge {
    let isHere = loop.index == homeIndex
    return ConnectedEdge(
      id: id, identity: identity, announcement: announcement, peerAddress: peerAddress, since: since, arrival: arrival,
      isConfirmed: isConfirmed,
      handler: isHere
        ? door.value : RemoteHandler(handler, outbound: loop.handOvers[homeIndex], inbound: waysBack[loop.index]),
      home: isHere ? .thisLoop(figures: { [door = door.value] in door.figures }) : .otherLoop(index: homeIndex))
  }
}
