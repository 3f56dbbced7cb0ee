/// An address that the process will listen on, and where it was asked for.
public struct ConfiguredAddress: Sendable, Equatable {
  public enum Transport: String, Sendable {
    case tcp = "TCP"
    case udp = "UDP"
  }

  public var transport: Transport
  public var address: HostPort
  /// `edge.yaml:12: listeners[1].address`, `--listen`, or the key alone where its default is used.
  public var origin: String

  init(_ transport: Transport, _ address: HostPort, from value: Value) {
    self.init(transport, address, origin: [value.place, value.path].compactMap { $0 }.joined(separator: ": "))
  }

  init(_ transport: Transport, _ address: HostPort, origin: String) {
    self.transport = transport
    self.address = address
    self.origin = origin
  }

  /// - Throws: when two of them want one port, which the process could only give to one.
  static func check(_ addresses: [ConfiguredAddress]) throws(ConfigurationError) {
    for (index, address) in addresses.enumerated() {
      guard let other = addresses[..<index].first(where: { $0.collides(with: address) }) else { continue }
      let taken = other.address == address.address ? "\(address.address)" : "\(other.address), and with it \(address.address),"
      throw ConfigurationError(
        path: address.origin, message: "\(taken) is taken by \(other.origin) of this same process",
        advice: "give each its own port")
    }
  }

  private func collides(with other: ConfiguredAddress) -> Bool {
    guard transport == other.transport, address.port == other.address.port, address.port != 0 else { return false }
    return address.host == other.address.host || covers(other) || other.covers(self)
  }

  /// Whether this address takes what comes to the other one.
  private func covers(_ other: ConfiguredAddress) -> Bool {
    switch address.host {
    // Dual stack.
    case "::": true
    case "0.0.0.0": !other.address.host.contains(":")
    case "localhost": ["127.0.0.1", "::1"].contains(other.address.host)
    default: false
    }
  }
}
