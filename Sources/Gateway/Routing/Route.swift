/// One rule of routing: requests for these hosts and under this path go to that service.
public struct Route: Sendable, Equatable {
  /// Host names without ports; `*.shop.example` stands for every name below `shop.example`. Empty is any host.
  public var hosts: [String]
  /// A path and everything below it; nil is every path.
  public var pathPrefix: String?
  /// Whether the prefix is removed from the path of the request.
  public var strip: Bool
  public var service: String

  public init(hosts: [String] = [], pathPrefix: String? = nil, strip: Bool = false, service: String) {
    self.hosts = hosts
    self.pathPrefix = pathPrefix
    self.strip = strip
    self.service = service
  }

  /// Whether a text may stand in `hosts`: a host name or address without a port, or `*.` and a name.
  public static func isHostPattern(_ text: String) -> Bool {
    let name = Array((text.hasPrefix("*.") ? text.dropFirst(2) : text[...]).utf8)[...]
    guard let authority = Authority(name) else { return false }
    return authority.port == nil
  }

  /// Whether a text may be a path prefix: it begins with `/`, is a path only, and has no `.` or `..` segment.
  public static func isPathPrefix(_ text: String) -> Bool {
    let bytes = Array(text.utf8)[...]
    return bytes.first == UInt8(ascii: "/") && !PathPrefix.hasDotSegment(bytes)
      && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
  }
}
