import Exchange
import HTTPMessage
import NIOCore
import Testing
import Wires

/// TCP connections as the ends of a tunnel.
@Suite struct TCPWireTests {
  private final class Transport: ByteStreamTransport {
    func setNeedsUpdate() {}
  }

  private final class Client {
    let handler = FakeHandler()
    let wire: TCPServerWire
    private let transport = Transport()

    init(_ onOpen: ((FakeExchange) -> Void)? = nil) {
      handler.onOpen = onOpen
      wire = TCPServerWire(
        ServerWireContext(handler: handler, origin: .test(.tcp), hop: "edge", events: EventRecorder()), target: "127.0.0.1:5432")
      wire.transport = transport
    }

    func taken() -> String {
      var text = ""
      while let bytes = wire.nextOutput() { text += String(buffer: bytes) }
      return text
    }
  }

  @Test func aConnectionIsOneConnect() {
    let client = Client()
    #expect(client.handler.exchanges.count == 1)
    let head = client.handler.last.request.head
    #expect(head.fields == [":method": "CONNECT", ":authority": "127.0.0.1:5432"])
    #expect(head.bodyLength == .unknown)
    client.wire.receive(ByteBuffer(string: "early"))
    #expect(String(buffer: client.handler.last.body) == "early")
    client.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    client.handler.last.response.receiveResponseBody(ByteBuffer(string: "hello"))
    #expect(client.taken() == "hello")
    #expect(client.handler.last.consumedResponseBytes == 5)
    #expect(client.wire.deadline == nil)
  }

  @Test(arguments: [true, false])
  func eachSideEndsByItself(clientFirst: Bool) {
    let client = Client()
    let exchange = client.handler.last
    exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    exchange.response.receiveResponseBody(ByteBuffer(string: "last"))
    if clientFirst {
      client.wire.receivedEnd()
      #expect(exchange.isEnded && !client.wire.wantsClose)
    } else {
      exchange.response.receiveResponseEnd(trailers: nil)
      #expect(!client.wire.endsOutput, "FIN would overtake what is to be written")
      #expect(client.taken() == "last")
      #expect(client.wire.endsOutput && !client.wire.wantsClose)
    }
    if clientFirst { exchange.response.receiveResponseEnd(trailers: nil) } else { client.wire.receivedEnd() }
    _ = client.taken()
    #expect(client.wire.wantsClose && !client.wire.closesAbruptly)
    #expect(client.wire.openExchangeCount == 0)
    client.wire.connectionClosed()
    #expect(exchange.cancelReason == nil)
  }

  @Test func aClientThatIsGoneCancels() {
    let client = Client()
    client.wire.connectionClosed()
    #expect(client.handler.last.cancelReason == .connectionLost)
  }

  @Test(arguments: ["refused", "failed", "failed at once", "failed later", "stopped"])
  func whatCannotGoOnIsReset(how: String) {
    let client = Client { exchange in
      if how == "failed at once" { exchange.response.fail(GatewayError(.connectionRefused, side: .origin, message: "x")) }
    }
    let response = client.handler.last.response
    switch how {
    case "refused": response.receiveHead(ResponseHead(status: 403, bodyLength: .known(2)))
    case "failed": response.fail(GatewayError(.connectionRefused, side: .origin, message: "x"))
    case "failed at once": break
    default:
      response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
      response.receiveResponseBody(ByteBuffer(string: "part"))
      if how == "stopped" {
        response.receiveResponseEnd(trailers: nil)
        response.stopRequest(.noError)
      } else {
        response.fail(GatewayError(.httpResponseIncomplete, side: .origin, message: "x"))
      }
    }
    #expect(client.wire.wantsClose && client.wire.closesAbruptly)
    #expect(client.taken() == "")
  }

  @Test func aStalledReaderStopsTheClient() {
    let client = Client { $0.consumesAtOnce = false }
    client.wire.receive(ByteBuffer(repeating: 1, count: 64 * 1024))
    #expect(!client.wire.wantsBytes)
    client.handler.last.response.requestConsumed(1024)
    #expect(client.wire.wantsBytes)
  }

  // MARK: Origins

  private func origin() -> TCPOriginWire {
    TCPOriginWire(OriginWireContext(name: "tcp://o:1", hop: "core", events: EventRecorder()))
  }

  private func open(_ wire: TCPOriginWire) -> FakeResponse {
    let response = FakeResponse()
    let head = RequestHead(fields: [":method": "CONNECT", ":authority": "a:1"], bodyLength: .unknown)
    response.request = wire.open(ExchangeRequest(head: head, origin: .test(.http3)), respondingTo: response)
    return response
  }

  @Test func theConnectionIsTheAnswer() {
    let wire = origin()
    #expect(wire.vacancy == 1)
    let response = open(wire)
    #expect(response.head?.status == 200 && response.head?.bodyLength == .unknown)
    #expect(wire.vacancy == 0 && !wire.isReusable)
    wire.receive(ByteBuffer(string: "220"))
    #expect(response.text == "220")
    response.request?.receiveRequestBody(ByteBuffer(string: "quit"))
    response.request?.receiveRequestEnd(trailers: nil)
    #expect(wire.nextOutput().map { String(buffer: $0) } == "quit")
    #expect(wire.nextOutput() == nil)
    #expect(response.consumedRequestBytes == 4)
    #expect(wire.endsOutput && !wire.wantsClose)
    wire.receivedEnd()
    #expect(response.isEnded && wire.wantsClose && !wire.closesAbruptly)
    wire.connectionClosed()
    #expect(response.error == nil && response.stopReason == nil)
  }

  @Test func aLostOriginFailsTheTunnel() {
    let wire = origin()
    let response = open(wire)
    wire.connectionClosed()
    #expect(response.error?.cause == .httpResponseIncomplete)
    let ended = origin()
    let half = open(ended)
    ended.receivedEnd()
    ended.connectionClosed()
    #expect(half.error == nil && half.stopReason != nil)
  }

  @Test func aCancelledTunnelIsReset() {
    let wire = origin()
    let response = open(wire)
    response.request?.receiveRequestBody(ByteBuffer(string: "unsent"))
    response.request?.cancel(.cancelled)
    #expect(wire.wantsClose && wire.closesAbruptly)
    #expect(wire.nextOutput() == nil)
  }

  @Test func oneConnectionIsOneTunnel() {
    let wire = origin()
    _ = open(wire)
    #expect(open(wire).error != nil)
  }
}
