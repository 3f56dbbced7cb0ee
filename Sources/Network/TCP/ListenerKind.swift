/// What is spoken at a TCP listener.
public enum ListenerKind: Sendable {
  /// HTTP/1.1 and HTTP/2.
  case http
  /// Anything over TCP: each connection is a tunnel to the service that the policy gives to the listener.
  case tcp
  /// HTTP/1.1 and HTTP/2 whose requests are CONNECT, for programs with `https_proxy`.
  case proxy
}
