/// What became of the datagrams of one direction. Nothing disappears: see `isConserved`.
public struct LinkCounts: Sendable, Equatable {
  public internal(set) var sent = 0
  public internal(set) var delivered = 0
  /// By chance, or because its number was to be dropped.
  public internal(set) var lost = 0
  public internal(set) var lostInBurst = 0
  public internal(set) var lostInOutage = 0
  public internal(set) var lostInQueue = 0
  /// Copies made besides those sent.
  public internal(set) var duplicated = 0
  public internal(set) var corrupted = 0
  public internal(set) var reordered = 0
  /// On the way now.
  public internal(set) var underWay = 0
  public internal(set) var bytesDelivered = 0

  /// Every datagram sent or copied was delivered, lost for one reason, or is under way.
  public var isConserved: Bool {
    sent + duplicated == delivered + lost + lostInBurst + lostInOutage + lostInQueue + underWay
  }
}
