import Exchange
import Gateway
import HTTPMessage
import NIOCore

/// What all loops hold of a reversed connection. Its own loop shuts it when the connection is over, so that the last reference to
/// the connection is never one of another loop's.
final class EdgeDoor: ExchangeHandler {
  private var state: State

  private enum State {
    case open(any ExchangeHandler, figures: () -> EdgeLinkFigures)
    case shut(EdgeLinkFigures, peer: String)
  }

  init(to edge: any ExchangeHandler, figures: @escaping () -> EdgeLinkFigures) {
    state = .open(edge, figures: figures)
  }

  /// Of the connection as it is now, or was at its end.
  var figures: EdgeLinkFigures {
    switch state {
    case .open(_, let figures): figures()
    case .shut(let figures, _): figures
    }
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    switch state {
    case .open(let edge, _):
      return edge.open(request, respondingTo: sink)
    case .shut(_, let peer):
      sink.fail(
        GatewayError(
          .destinationUnavailable, side: .edge, retry: .safe, message: "the connection to the edge at \(peer) is over already"))
      return Nowhere()
    }
  }

  /// Lets go of the connection.
  /// - Parameter peer: for errors.
  func shut(peer: String) { state = .shut(figures, peer: peer) }

  /// Takes what still comes of a request that has failed.
  private final class Nowhere: RequestSink {
    func receiveRequestBody(_ chunk: ByteBuffer) {}
    func receiveRequestEnd(trailers: FieldSection?) {}
    func cancel(_ reason: ResetReason) {}
    func responseConsumed(_ byteCount: Int) {}
  }
}
