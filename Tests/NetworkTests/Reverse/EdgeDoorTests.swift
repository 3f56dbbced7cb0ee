import Exchange
import Gateway
import HTTPMessage
@testable import Network
import NIOCore
import Testing

@Suite struct `The way to an edge that other loops hold` {
  @Test func `keeps nothing of a connection that is over`() throws {
    weak var connection: Handler?
    let door: EdgeDoor
    do {
      let handler = Handler()
      connection = handler
      door = EdgeDoor(to: handler, figures: { [handler] in handler.figures })
      _ = door.open(Self.request, respondingTo: Sink())
      #expect(handler.openedCount == 1)
    }
    #expect(connection != nil)
    door.shut(peer: "192.0.2.1:5")
    #expect(connection == nil)
    #expect(door.figures.packetsSent == 7)
    let sink = Sink()
    _ = door.open(Self.request, respondingTo: sink)
    #expect(sink.error?.retry == .safe && sink.error?.cause == .destinationUnavailable)
  }

  private static let request = ExchangeRequest(
    head: RequestHead(method: "GET", authority: "a", path: "/"),
    origin: RequestOrigin(wire: .http1, identity: nil, peerAddress: "test", listener: "test", isSecure: false))

  private final class Handler: ExchangeHandler {
    var openedCount = 0
    let figures = EdgeLinkFigures(smoothedRoundTrip: .zero, packetsSent: 7, packetsLost: 0)

    func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
      openedCount += 1
      return IgnoringSink()
    }
  }

  private final class Sink: ResponseSink {
    var error: GatewayError?
    func receiveInterim(_ head: ResponseHead) {}
    func receiveHead(_ head: ResponseHead) {}
    func receiveResponseBody(_ chunk: ByteBuffer) {}
    func receiveResponseEnd(trailers: FieldSection?) {}
    func fail(_ error: GatewayError) { self.error = error }
    func stopRequest(_ reason: ResetReason) {}
    func requestConsumed(_ byteCount: Int) {}
  }
}
