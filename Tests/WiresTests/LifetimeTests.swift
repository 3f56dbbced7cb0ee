import Exchange
import HTTPMessage
import NIOCore
import Testing

/// Objects hold each other while an exchange is open; nothing may be left behind it.
@Suite struct LifetimeTests {
  private final class Weak {
    weak var object: AnyObject?
    init(_ object: AnyObject) { self.object = object }
  }

  /// How an exchange ends.
  enum Ending: CaseIterable, Sendable {
    case answered, failed, failedBehindTheHead, cancelled, clientLost, originLost, neverAnswered
  }

  @Test(arguments: Ending.allCases, [WireProtocol.http1, .http2])
  func nothingOutlivesItsConnection(_ ending: Ending, _ wire: WireProtocol) {
    var kept: [Weak] = []
    func run() {
      let pair = WirePair(wire)
      kept += [Weak(pair), Weak(pair.client), Weak(pair.server)]
      let response = pair.send(
        RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .unknown), body: ByteBuffer(string: "x"),
        ends: ending == .answered)
      pair.run()
      let exchange = pair.handler.last
      kept += [Weak(response), Weak(exchange), Weak(exchange.response)]
      if let request = response.request { kept.append(Weak(request)) }
      switch ending {
      case .answered: exchange.answer(200, body: "y")
      case .failed: exchange.response.fail(GatewayError(.internalError, side: .local, message: "x"))
      case .failedBehindTheHead:
        exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
        exchange.response.fail(GatewayError(.internalError, side: .local, message: "x"))
      case .cancelled: response.request?.cancel(.cancelled)
      case .clientLost: pair.server.connectionClosed()
      case .originLost: pair.client.connectionClosed()
      case .neverAnswered: break
      }
      pair.run()
      pair.client.connectionClosed()
      pair.server.connectionClosed()
    }
    run()
    for (number, one) in kept.enumerated() { #expect(one.object == nil, "\(ending) \(wire), object \(number)") }
  }
}
