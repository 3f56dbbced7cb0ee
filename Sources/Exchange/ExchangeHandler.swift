public import HTTPMessage

/// Whoever answers requests: the gateway, a link to the other end, a pool of origins, an admin endpoint, a cache.
///
/// A handler lives on one event loop and is called there only. Handlers nest: the gateway is one and passes on to others.
public protocol ExchangeHandler: AnyObject {
  /// Begins an exchange. Never throws: a refusal is `sink.fail(_:)`.
  ///
  /// The caller keeps the returned sink until the exchange is over, the handler keeps `sink` until it has ended or failed it.
  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink
}

/// A request as a wire hands it to a handler: the head, and what the connection it came on knows.
public struct ExchangeRequest: Sendable {
  public var head: RequestHead
  public var origin: RequestOrigin

  public init(head: RequestHead, origin: RequestOrigin) {
    self.head = head
    self.origin = origin
  }
}

/// Where a request came from, as proved or observed by the connection that carried it. One object a connection.
public final class RequestOrigin: Sendable {
  /// What was spoken on the connection.
  public let wire: WireProtocol
  /// The verified identity of the peer; nil on an edge's own listeners.
  public let identity: String?
  /// The peer's address as text, for logs and `Forwarded`.
  public let peerAddress: String
  /// The listener's name in the configuration, by which routing may fix a service.
  public let listener: String
  /// Whether the client's connection was protected by TLS.
  public let isSecure: Bool

  public init(wire: WireProtocol, identity: String?, peerAddress: String, listener: String, isSecure: Bool) {
    self.wire = wire
    self.identity = identity
    self.peerAddress = peerAddress
    self.listener = listener
    self.isSecure = isSecure
  }
}

/// The protocols that carry exchanges, with their names as in `Via` (RFC 9110 §7.6.3) and in log lines.
public enum WireProtocol: String, Sendable {
  case http1 = "HTTP/1.1"
  case http2 = "HTTP/2"
  case http3 = "HTTP/3"
  /// Bytes that nobody looks at: a tunnel's end that is no HTTP connection.
  case tcp = "TCP"

  /// The received-protocol part of a `Via` entry.
  public var viaVersion: String {
    switch self {
    case .http1: "1.1"
    case .http2: "2"
    case .http3: "3"
    case .tcp: "TCP"
    }
  }
}
