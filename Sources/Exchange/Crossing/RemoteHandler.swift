public import NIOCore

/// A handler of another event loop, as a handler of this one: exchanges opened here run there, their parts crossing in batches.
///
/// An exchange is over for both loops when it was cancelled or failed, or when the answer has ended and the request has ended or
/// was stopped. From then on nothing crosses: bytes still outstanding are no longer reported as consumed.
public final class RemoteHandler: ExchangeHandler {
  private let target: NIOLoopBound<any ExchangeHandler>
  private let outbound: HandOver
  private let inbound: NIOLoopBound<HandOver>

  /// - Parameters:
  ///   - target: the handler, bound to its loop.
  ///   - outbound: from this loop to the handler's.
  ///   - inbound: from the handler's loop to this one, bound to the handler's loop.
  public init(_ target: NIOLoopBound<any ExchangeHandler>, outbound: HandOver, inbound: NIOLoopBound<HandOver>) {
    self.target = target
    self.outbound = outbound
    self.inbound = inbound
  }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let near = NearEnd(response: sink, handOver: outbound)
    let far = FarEnd(near: near, target: target, handOver: inbound)
    near.far = far
    outbound.send(.open(far, request))
    return near
  }
}
