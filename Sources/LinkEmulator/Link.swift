/// A link: two directions with their own conditions and their own share of the seed.
public struct Link<Datagram: LinkDatagram> {
  public var forward: LinkDirection<Datagram>
  public var backward: LinkDirection<Datagram>

  public init(forward: LinkConditions, backward: LinkConditions, seed: UInt64) {
    var seeds = SeededGenerator(seed: seed)
    self.forward = LinkDirection(conditions: forward, seed: seeds.next())
    self.backward = LinkDirection(conditions: backward, seed: seeds.next())
  }

  /// The same conditions both ways.
  public init(_ conditions: LinkConditions = LinkConditions(), seed: UInt64) {
    self.init(forward: conditions, backward: conditions, seed: seed)
  }

  /// When the next datagram arrives at either end; nil when none is under way.
  public var nextArrival: UInt64? {
    switch (forward.nextArrival, backward.nextArrival) {
    case (let one?, let other?): min(one, other)
    case (let one, let other): one ?? other
    }
  }
}
