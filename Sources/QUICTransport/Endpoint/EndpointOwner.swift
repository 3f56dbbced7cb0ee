public import Events

/// The network layer, or a test, as an endpoint sees it. All calls come on the endpoint's event loop, from inside a call into the
/// endpoint or one of its connections.
public protocol EndpointOwner: AnyObject {
  /// A client asks for a connection; nil refuses it with CONNECTION_REFUSED.
  func accept(_ incoming: IncomingConnection) -> ServerSetup?

  /// A connection has output or events and none had before: call `Endpoint.service` at the end of the loop's turn.
  func endpointNeedsService()

  /// A datagram was dropped. Called for each; whoever logs it limits the rate.
  func refused(_ cause: DatagramRefusal, from remote: Address)
}
