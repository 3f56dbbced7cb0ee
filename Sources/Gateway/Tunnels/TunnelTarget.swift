/// What a CONNECT asks to be connected to (RFC 9110 §9.3.6): a host and a port, as text that can be resolved.
public struct TunnelTarget: Sendable, Hashable {
  /// A name in lower case, or an address; an IPv6 address without brackets.
  public let host: String
  public let port: UInt16

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Nil for what is not a host and a port from 1 to 65535. Of what an authority may hold, escapes and `~` are refused: no
  /// host has them, and what looks at the name later could read it differently.
  init?(_ authority: ArraySlice<UInt8>) {
    guard let authority = Authority(authority), let port = authority.port, port > 0 else { return nil }
    let host = authority.hostWithoutBrackets
    guard host.allSatisfy({ $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "~") }) else { return nil }
    self.init(host: String(decoding: host, as: UTF8.self).lowercased(), port: port)
  }
}

extension TunnelTarget: CustomStringConvertible {
  public var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
