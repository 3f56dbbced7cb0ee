import Events
import Exchange

/// What a registry keeps of one connected edge.
final class EdgeRecord {
  var edge: ConnectedEdge
  /// The key of its identity.
  let key: String
  /// Shared by all connections of its identity.
  var identity = EdgeIdentity()
  private(set) var granted = EdgeRules.Granted()
  var isSuspect = false
  /// It takes no new requests: it has said so, or a newer connection has taken its place.
  var isDraining = false
  /// Requests of this loop that it has.
  private(set) var exchanges: [ObjectIdentifier: EdgeExchange] = [:]
  /// When it had its last request, in requests of this loop.
  var lastTurn: UInt64 = 0

  init(_ edge: ConnectedEdge, rules: EdgeRules) {
    self.edge = edge
    key = Self.key(edge.identity)
    judge(by: rules)
  }

  var id: EdgeConnectionID { edge.id }

  var isHere: Bool {
    if case .thisLoop = edge.home { true } else { false }
  }

  /// - Returns: whether something else counts than before.
  @discardableResult
  func judge(by rules: EdgeRules) -> Bool {
    let former = granted
    granted = rules.grant(edge.announcement, to: edge.identity)
    return granted != former
  }

  func matches(_ selection: EdgeSelection) -> Bool {
    switch selection {
    case .edge(let identity): key == Self.key(identity)
    case .group(let labels): labels.allSatisfy { granted.labels[$0.key] == $0.value }
    }
  }

  func began(_ exchange: EdgeExchange) {
    if exchanges.updateValue(exchange, forKey: ObjectIdentifier(exchange)) == nil { identity.exchangeCount += 1 }
  }

  func ended(_ exchange: EdgeExchange) {
    if exchanges.removeValue(forKey: ObjectIdentifier(exchange)) != nil { identity.exchangeCount -= 1 }
  }

  /// How good a choice it is; nil when a request must not go there.
  func standing(mayBeRepeated: Bool) -> Standing? {
    if isDraining || isSuspect { return nil }
    if edge.isConfirmed { return .proven }
    return mayBeRepeated ? .unproven : nil
  }

  enum Standing: Int, Comparable {
    case proven, unproven

    static func < (left: Standing, right: Standing) -> Bool { left.rawValue < right.rawValue }
  }

  var facts: EdgeFacts {
    var facts = EdgeFacts(
      connection: ConnectionName(number: edge.id.number, peer: edge.peerAddress), identity: edge.identity,
      instance: edge.announcement.instance, version: edge.announcement.version, services: granted.services.sorted(),
      labels: granted.labels, refused: granted.refused, since: edge.since, smoothedRoundTrip: nil, packetsSent: 0, packetsLost: 0)
    if case .thisLoop(let figures) = edge.home {
      let now = figures()
      facts.smoothedRoundTrip = now.smoothedRoundTrip
      facts.packetsSent = now.packetsSent
      facts.packetsLost = now.packetsLost
    }
    return facts
  }

  /// DNS names are the same in any case, URIs are not (RFC 9110 §4.2.3); no DNS name has a colon, every URI has one.
  static func key(_ identity: String) -> String {
    let isURI = identity.utf8.contains(UInt8(ascii: ":"))
    return isURI || !identity.utf8.contains { (65...90).contains($0) } ? identity : identity.lowercased()
  }
}
