/// Where an origin listens and what is spoken to it: `http://` (HTTP/1.1), `h2c://` (HTTP/2 without TLS, prior knowledge) or
/// `https://` (HTTP/1.1 or HTTP/2 as ALPN decides), host, port and an optional base path; a socket of this machine, `unix:/path`
/// (HTTP/1.1) or `h2c+unix:/path`; or `tcp://` and host and port, for bytes that nobody looks at.
public struct OriginURL: Sendable, Hashable {
  public enum Scheme: String, Sendable, CaseIterable {
    case http, h2c, https, tcp

    /// The port of a URL that names none; nil where it must name one.
    public var defaultPort: UInt16? {
      switch self {
      case .http, .h2c: 80
      case .https: 443
      case .tcp: nil
      }
    }
    /// `:scheme` of requests to the origin (RFC 9114 §4.3.1).
    public var requestScheme: String { self == .https ? "https" : "http" }
    /// What is spoken, for logs; `https` where ALPN decides.
    public var wireName: String {
      switch self {
      case .http: "HTTP/1.1"
      case .h2c: "HTTP/2"
      case .https: "https"
      case .tcp: "TCP"
      }
    }
  }

  public let scheme: Scheme
  /// A name or an address; an IPv6 address without brackets.
  public let host: String
  public let port: UInt16
  /// Put before the path of every request: empty or `/…` without a slash at the end.
  public let basePath: String
  /// The path of a Unix socket that is connected to in place of host and port.
  public let socketPath: String?

  /// `host[:port]` as it stands in `:authority`: brackets around IPv6, no default port.
  public var authority: String {
    let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    return port == scheme.defaultPort ? name : "\(name):\(port)"
  }

  public init(scheme: Scheme, host: String, port: UInt16, basePath: String = "") {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.basePath = basePath
    socketPath = nil
  }

  /// A Unix socket; its server gets `localhost` as Host where it is to get its own name.
  private init(scheme: Scheme, socketPath: String) {
    self.scheme = scheme
    host = "localhost"
    port = scheme.defaultPort ?? 0
    basePath = ""
    self.socketPath = socketPath
  }

  /// Reads `scheme://host[:port][/path]`, `unix:/path` or `h2c+unix:/path`.
  /// - Throws: `Malformed`, with what is wrong and what to write instead.
  public init(_ text: String) throws(Malformed) {
    if let socket = try Self.unixSocket(text) {
      self = socket
      return
    }
    let bytes = Array(text.utf8)[...]
    guard let schemeEnd = Self.position(of: "://", in: bytes) else {
      throw Malformed(
        message: "“\(text)” has no scheme",
        advice: "write http://host:port, h2c://host:port, https://host:port or tcp://host:port")
    }
    guard let scheme = Scheme(rawValue: String(decoding: bytes[..<schemeEnd], as: UTF8.self)) else {
      throw Malformed(
        message: "“\(String(decoding: bytes[..<schemeEnd], as: UTF8.self))” is not a scheme that origins are reached by",
        advice: "write http:// (HTTP/1.1), h2c:// (HTTP/2 without TLS), https://, tcp:// or unix:/path")
    }
    let rest = bytes[(schemeEnd + 3)...]
    let authorityEnd =
      rest.firstIndex { [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) } ?? rest.endIndex
    guard let authority = Authority(rest[..<authorityEnd]), authority.port != 0 else {
      throw Malformed(message: "“\(text)” names no valid host and port", advice: "write \(scheme.rawValue)://host:port")
    }
    let path = rest[authorityEnd...]
    guard let port = authority.port ?? scheme.defaultPort else {
      throw Malformed(message: "“\(text)” names no port", advice: "write \(scheme.rawValue)://host:port")
    }
    guard scheme != .tcp || path.isEmpty else {
      throw Malformed(message: "“\(text)” has a path, which TCP knows nothing of", advice: "end it with the port")
    }
    guard path.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }) else {
      throw Malformed(message: "“\(text)” has a query or a fragment", advice: "end the URL with the path")
    }
    self.init(
      scheme: scheme, host: String(decoding: authority.hostWithoutBrackets, as: UTF8.self),
      port: port,
      basePath: String(decoding: path.trimmingTrailing(UInt8(ascii: "/")), as: UTF8.self))
  }

  /// A text that is not the URL of an origin.
  public struct Malformed: Error, Equatable {
    public let message: String
    public let advice: String
  }
}

extension OriginURL: CustomStringConvertible {
  public var description: String {
    guard let socketPath else { return "\(scheme.rawValue)://\(authority)\(basePath)" }
    return scheme == .http ? "unix:\(socketPath)" : "\(scheme.rawValue)+unix:\(socketPath)"
  }
}

extension OriginURL {
  /// - Returns: nil for a text that names no Unix socket.
  private static func unixSocket(_ text: String) throws(Malformed) -> OriginURL? {
    let scheme: Scheme
    let path: Substring
    if text.hasPrefix("unix:") {
      (scheme, path) = (.http, text.dropFirst(5))
    } else if text.hasPrefix("http+unix:") {
      (scheme, path) = (.http, text.dropFirst(10))
    } else if text.hasPrefix("h2c+unix:") {
      (scheme, path) = (.h2c, text.dropFirst(9))
    } else {
      return nil
    }
    let file = path.hasPrefix("///") ? path.dropFirst(2) : path
    guard file.hasPrefix("/"), !file.hasPrefix("//"), file.utf8.count > 1, !file.utf8.contains(0) else {
      throw Malformed(message: "“\(text)” names no file", advice: "write unix:/run/app.sock or h2c+unix:/run/app.sock")
    }
    guard file.utf8.count <= socketPathLimit else {
      throw Malformed(message: "the path of a Unix socket has \(socketPathLimit) bytes at most", advice: "choose a shorter one")
    }
    return OriginURL(scheme: scheme, socketPath: String(file))
  }

  /// What `sockaddr_un` can hold, without the zero at its end.
  private static var socketPathLimit: Int { 107 }

  private static func position(of text: StaticString, in bytes: ArraySlice<UInt8>) -> Int? {
    let sought = Array(text.description.utf8)
    return bytes.indices.first { bytes[$0...].starts(with: sought) }
  }
}

extension ArraySlice<UInt8> {
  /// The slice without the run of `byte` at its end.
  func trimmingTrailing(_ byte: UInt8) -> ArraySlice<UInt8> {
    var end = endIndex
    while end > startIndex, self[end - 1] == byte { end -= 1 }
    return self[..<end]
  }
}
