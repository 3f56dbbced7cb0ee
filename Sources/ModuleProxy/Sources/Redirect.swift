/// Where a redirect leads (RFC 9110 §15.4), and whether it is followed there. A pure value.
public struct Redirect: Sendable, Hashable {
  public enum Scheme: String, Sendable {
    case http, https
    var port: UInt16 { self == .https ? 443 : 80 }
  }

  public let scheme: Scheme
  /// In small letters; an IPv6 address without brackets.
  public let host: String
  public let port: UInt16
  /// With the query, if there is one.
  public let path: String

  /// `host[:port]` as it stands in `:authority`.
  public var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == scheme.port ? name : "\(name):\(port)"
  }

  /// Reads `Location`.
  /// - Parameters:
  ///   - location: a URL, or a reference relative to the other two (RFC 3986 §4.2).
  ///   - authority: of the request that was answered with it.
  ///   - path: the same request's.
  /// - Returns: nil for other schemes, for a user's name in it, and for what cannot be read.
  init?(_ location: String, scheme: Scheme, authority: String, path: String) {
    let isPlain = location.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }
    guard isPlain, location.utf8.count <= Self.longest else { return nil }
    let reference = location.prefix { $0 != "#" }
    var rest: Substring
    if reference.hasPrefix("//") {
      (self.scheme, rest) = (scheme, reference.dropFirst(2))
    } else if let colon = reference.firstIndex(of: ":"), !reference[..<colon].contains(where: { $0 == "/" || $0 == "?" }) {
      rest = reference[reference.index(after: colon)...]
      guard let named = Scheme(rawValue: reference[..<colon].lowercased()), rest.hasPrefix("//") else { return nil }
      (self.scheme, rest) = (named, rest.dropFirst(2))
    } else {
      guard !reference.isEmpty, let own = Self.hostAndPort(authority[...], scheme) else { return nil }
      (self.scheme, host, port) = (scheme, own.host, own.port)
      self.path = Self.path(String(reference), after: path)
      return
    }
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    guard let other = Self.hostAndPort(rest[..<end], self.scheme) else { return nil }
    (host, port) = (other.host, other.port)
    rest = rest[end...]
    self.path = rest.first == "/" ? String(rest) : "/\(rest)"
  }

  /// The path of a reference without scheme and authority (RFC 3986 §5.2.3; folders above are for whoever answers).
  private static func path(_ reference: String, after base: String) -> String {
    if reference.hasPrefix("/") { return reference }
    let path = base.prefix { $0 != "?" }
    if reference.hasPrefix("?") { return "\(path)\(reference)" }
    return "\(path[...(path.lastIndex(of: "/") ?? path.startIndex)])\(reference)"
  }

  private static func hostAndPort(_ authority: Substring, _ scheme: Scheme) -> (host: String, port: UInt16)? {
    RedirectHost(String(authority)).map { ($0.host, $0.port ?? scheme.port) }
  }

  private static let longest = 8192
}
