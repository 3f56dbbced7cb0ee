public import Exchange

/// Where the gateway passes requests on; the network layer supplies it, on the gateway's event loop.
public enum Destinations {
  /// Everything goes to the other end: requests carry the service as `:authority` and the client's authority in `Forwarded`.
  /// - Parameter wire: what the link speaks, for logs.
  case link(any ExchangeHandler, wire: WireProtocol = .http3)
  /// Each service has origins of its own, usually a pool of connections: requests carry the authority that the service's
  /// `HostRule` says, and the verified identity in `Quicgw-Edge`.
  case origins((Service) -> any ExchangeHandler)
  /// Everything goes to edges that have connected, as `Policy.edges` says; heads are written as on the link.
  case edges(EdgeRegistry)
}
