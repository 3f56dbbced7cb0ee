/// The two ends of the way that a datagram takes (RFC 9000 §9): a change of either is a migration.
public struct NetworkPath: Hashable, Sendable {
  public var local: Address
  public var remote: Address

  public init(local: Address, remote: Address) {
    self.local = local
    self.remote = remote
  }
}

extension NetworkPath: CustomStringConvertible {
  public var description: String { "\(local) ↔ \(remote)" }
}
