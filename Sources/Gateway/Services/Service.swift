import Exchange
public import HTTPMessage

/// Something reachable through the link, under a name.
///
/// A class, though it never changes: what routing finds is handed on with each request, and one reference costs less than its
/// parts.
public final class Service: Sendable {
  /// The name: a lower-case host name, because it is the `:authority` of requests on the link.
  public let name: String
  /// Where it is reached; empty on the end that only sends towards the link.
  public let origins: [OriginURL]
  /// Which Host the origin gets.
  public let host: HostRule
  /// Whom origins with `https://` must be certified by.
  public let trust: OriginTrust
  /// How long an origin may take for the head of its answer; nil is without limit. It is not applied to gRPC, whose calls have
  /// deadlines of their own and whose streams may be silent.
  public let responseHeadTimeout: Duration?
  /// How its origins share its requests.
  public let pool: PoolRules
  /// The urgency of its answers on the link, 0 (first) to 7, when neither the client nor the origin says one (RFC 9218).
  public let urgency: Int?
  /// The name's bytes, kept so that a request costs no conversion.
  let nameBytes: [UInt8]
  /// The base path of its origins; all of a service's origins have the same.
  let basePathBytes: [UInt8]

  public init(
    name: String, origins: [OriginURL] = [], host: HostRule = .preserve, trust: OriginTrust = .system,
    responseHeadTimeout: Duration? = Service.defaultResponseHeadTimeout, pool: PoolRules = .defaults, urgency: Int? = nil
  ) {
    self.name = name
    self.origins = origins
    self.host = host
    self.trust = trust
    self.responseHeadTimeout = responseHeadTimeout
    self.pool = pool
    self.urgency = urgency
    nameBytes = Array(name.utf8)
    basePathBytes = Array((origins.first?.basePath ?? "").utf8)
  }

  /// Whether it is reached by CONNECT: its origins take bytes of which the gateway knows nothing.
  public var isTunnelled: Bool { origins.first?.scheme == .tcp }

  /// How many an edge can announce to cores.
  public static let maximumExposedCount = EdgeAnnouncement.Limits.services
  public static let defaultResponseHeadTimeout: Duration = .seconds(60)
  public static let urgencies = Priority.urgencies

  /// Gives a head the authority of the origin that a pool has chosen, if the service's rule is that origins get their own.
  ///
  /// The gateway has addressed the head to the first origin before; all else is the same for all origins of a service.
  public func readdress(_ head: inout RequestHead, to origin: OriginURL) {
    guard host == .origin, origins.count > 1 else { return }
    head.fields.replace(.authority, with: Array(origin.authority.utf8))
  }

  /// Puts the origins' base path before the path of a head, where it is one.
  public func addBasePath(to head: inout RequestHead) {
    guard !basePathBytes.isEmpty, let path = head.path, path.first == UInt8(ascii: "/") else { return }
    head.fields.replace(.path, with: basePathBytes + path)
  }

  /// Takes it off again.
  public func removeBasePath(from head: inout RequestHead) {
    guard !basePathBytes.isEmpty, let path = head.path, path.starts(with: basePathBytes) else { return }
    head.fields.replace(.path, with: Array(path.dropFirst(basePathBytes.count)))
  }

  /// Makes a head that was addressed to another service's origins one for this one's.
  public func readdress(_ head: inout RequestHead, from other: Service) {
    switch host {
    case .origin: if let first = origins.first { head.fields.replace(.authority, with: Array(first.authority.utf8)) }
    case .preserve:
      if other.host == .origin, case .host(let client) = ForwardedField.clientHost(in: head.fields) {
        head.fields.replace(.authority, with: Array(client))
      }
    }
    head.fields.replace(.scheme, with: Array((origins.first?.scheme.requestScheme ?? "http").utf8))
    if let path = head.path { head.fields.replace(.path, with: basePathBytes + path.dropFirst(other.basePathBytes.count)) }
  }

  /// Whether a text may be a service's name: lower-case letters, digits, `-`, `_` and `.`, at most 253 bytes.
  public static func isName(_ text: String) -> Bool {
    (1...253).contains(text.utf8.count)
      && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || [45, 46, 95].contains($0) }
      && text.utf8.first != UInt8(ascii: ".") && text.utf8.last != UInt8(ascii: ".")
  }
}

extension Service: Equatable {
  public static func == (left: Service, right: Service) -> Bool {
    left === right
      || left.name == right.name && left.origins == right.origins && left.host == right.host && left.trust == right.trust
        && left.responseHeadTimeout == right.responseHeadTimeout && left.pool == right.pool && left.urgency == right.urgency
  }
}

/// Which authority an origin gets as Host.
public enum HostRule: String, Sendable, CaseIterable {
  /// What the client asked for, so that the origin can make links and choose virtual hosts.
  case preserve
  /// The origin's own name, for origins that know no other.
  case origin
}

/// Who certifies the origins of a service.
public enum OriginTrust: Sendable, Hashable {
  /// The authorities that the operating system trusts.
  case system
  /// Only these: PEM text of one or more certificates.
  case authorities(pem: [UInt8])
}
