import Exchange
import HTTP3
import HTTPMessage
import NIOCore
import Testing

@testable import Wires

/// WebSocket and other upgrades on the wires: Upgrade on HTTP/1.1, extended CONNECT on HTTP/2 and HTTP/3.
@Suite struct UpgradeTests {
  private static func head(_ protocolName: String = "websocket") -> RequestHead {
    var head = RequestHead(
      method: "CONNECT", scheme: "http", authority: "a.example", path: "/chat", fields: ["x-a": "1"], bodyLength: .unknown)
    head.fields.prepend(.protocol, Array(protocolName.utf8))
    return head
  }

  private static let connect = RequestHead(fields: [":method": "CONNECT", ":authority": "db:5432"], bodyLength: .unknown)

  /// RFC 6455 §1.3.
  @Test func theAnswerToAKeyIsTheOneOfTheStandard() {
    let answer = WebSocketHandshake.accept(Array("dGhlIHNhbXBsZSBub25jZQ==".utf8))
    #expect(String(decoding: answer, as: UTF8.self) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(WebSocketHandshake.key().count == 24)
    #expect(WebSocketHandshake.key() != WebSocketHandshake.key())
    #expect(WebSocketHandshake.isNeeded(for: "WebSocket".utf8) && !WebSocketHandshake.isNeeded(for: "websocket2".utf8))
  }

  @Test(arguments: [WireProtocol.http1, .http2], [1, 100_000])
  func aTunnelCrossesAndItsSidesEndOneByOne(wire: WireProtocol, pieceBytes: Int) {
    let pair = WirePair(wire, seed: 3, maximumPieceBytes: pieceBytes)
    pair.run()
    let response = pair.send(Self.head(), ends: false)
    pair.run()
    let exchange = pair.handler.last
    #expect(exchange.request.head.fields.text(.protocol) == "websocket")
    #expect(exchange.request.head.fields.text(.path) == "/chat")
    #expect(!exchange.request.head.fields.contains(.secWebSocketKey))
    response.request?.receiveRequestBody(ByteBuffer(string: "ahead"))
    pair.run()
    exchange.response.receiveHead(ResponseHead(status: 200, fields: ["x-b": "2"], bodyLength: .unknown))
    pair.run()
    #expect(response.head?.status == 200)
    #expect(response.head?.fields.text("x-b") == "2")
    #expect(response.head?.fields.contains(.secWebSocketAccept) == false)
    #expect(String(buffer: exchange.body) == "ahead")
    exchange.response.receiveResponseBody(ByteBuffer(string: "pong"))
    response.request?.receiveRequestBody(ByteBuffer(string: "ping"))
    pair.run()
    #expect(response.text == "pong" && String(buffer: exchange.body) == "aheadping")
    guard wire == .http2 else { return }
    response.request?.receiveRequestEnd(trailers: nil)
    pair.run()
    #expect(exchange.isEnded && !response.isEnded)
    exchange.response.receiveResponseBody(ByteBuffer(string: "!"))
    exchange.response.receiveResponseEnd(trailers: nil)
    pair.run()
    #expect(response.text == "pong!" && response.isEnded)
    #expect(response.error == nil && exchange.cancelReason == nil)
    #expect(pair.client.openExchangeCount == 0 && pair.server.openExchangeCount == 0)
  }

  @Test(arguments: [WireProtocol.http1, .http2])
  func aRefusalIsWhole(wire: WireProtocol) {
    let pair = WirePair(wire)
    pair.run()
    let response = pair.send(Self.head("chat"), ends: false)
    pair.run()
    pair.handler.last.answer(403, body: "no")
    pair.run()
    #expect(response.head?.status == 403)
    #expect(response.text == "no")
    #expect(response.isEnded)
    #expect(response.error == nil)
  }

  @Test(arguments: [nil, "websocket"], [false, true])
  func anOriginsConnectionEndsWithARefusal(protocolName: String?, endsFirst: Bool) {
    let wire = HTTP1OriginWire(OriginWireContext(name: "origin:1", hop: "core", events: nil, now: { .now() }))
    let head = protocolName.map(Self.head) ?? Self.connect
    let response = FakeResponse()
    let request = wire.open(ExchangeRequest(head: head, origin: .test(.http2)), respondingTo: response)
    if endsFirst { request.receiveRequestEnd(trailers: nil) }
    while wire.nextOutput() != nil {}
    wire.receive(ByteBuffer(string: "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"))
    #expect(response.head?.status == 403 && response.text == "no" && response.isEnded)
    #expect(wire.vacancy == 0)
    #expect(wire.wantsClose, "nobody else will use it, and nobody would close it")
  }

  @Test func aResetBehindTheEndReachesTheClientOfHTTP2() {
    for (status, expected) in [(200, ResetReason.internalError), (403, .noError)] {
      let pair = WirePair(.http2)
      pair.run()
      let response = pair.send(Self.head(), ends: false)
      pair.run()
      let exchange = pair.handler.last
      exchange.response.receiveHead(ResponseHead(status: status, bodyLength: .unknown))
      exchange.response.receiveResponseEnd(trailers: nil)
      pair.run()
      #expect(response.isEnded && response.stopReason == nil)
      exchange.response.stopRequest(.connectionLost)
      pair.run()
      // CONNECT_ERROR, where a client that reads on would take NO_ERROR for a server that wants no more.
      #expect(response.stopReason == expected)
      #expect(pair.server.openExchangeCount == 0)
    }
  }

  @Test func http1SaysFinWhenItsSideHasEnded() {
    let pair = WirePair(.http1)
    let response = pair.send(Self.head("chat"), ends: false)
    pair.run()
    pair.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    pair.run()
    #expect(pair.client.isTunnel && pair.server.isTunnel)
    #expect(!pair.client.endsOutput && !pair.server.endsOutput)
    response.request?.receiveRequestEnd(trailers: nil)
    pair.run()
    #expect(pair.client.endsOutput && !pair.client.wantsClose)
    pair.server.receivedEnd()
    #expect(pair.handler.last.isEnded)
    pair.handler.last.response.receiveResponseBody(ByteBuffer(string: "late"))
    pair.handler.last.response.receiveResponseEnd(trailers: nil)
    #expect(pair.server.hasEndedTunnel && !pair.server.wantsClose)
    #expect(pair.moveOnce())
    #expect(response.text == "late")
    #expect(pair.server.wantsClose && !pair.server.closesAbruptly)
    pair.client.receivedEnd()
    #expect(response.isEnded && response.error == nil)
    #expect(pair.client.wantsClose && !pair.client.closesAbruptly)
  }

  @Test func anHTTP2OriginThatDoesNotOfferItIsNotAsked() {
    // Its SETTINGS have not come.
    let pair = WirePair(.http2)
    let response = pair.send(Self.head(), ends: false)
    #expect(response.error?.cause == .httpUpgradeFailed)
    pair.run()
    #expect(pair.handler.exchanges.isEmpty)
  }

  @Test func theClientOfATunnelMayWaitForEver() {
    let client = RawClient()
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n")
    client.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    #expect(client.received().hasPrefix("HTTP/1.1 101 "))
    client.pass(.hours(24))
    #expect(!client.wire.wantsClose && client.wire.deadline == nil)
  }

  @Test func whatAClientSendsAheadOfTheAnswerIsBounded() {
    let client = RawClient()
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n")
    #expect(client.wire.wantsBytes)
    client.send(String(repeating: "x", count: 65 * 1024))
    #expect(!client.wire.wantsBytes)
    client.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    client.take()
    #expect(client.handler.last.body.readableBytes == 65 * 1024)
  }

  @Test func aConnectionServesOnBehindARefusal() {
    let client = RawClient()
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n" + RawClient.get)
    client.handler.last.answer(403, body: "no")
    _ = client.received()
    #expect(client.handler.exchanges.count == 2)
    #expect(client.handler.last.request.head.fields.text(.method) == "GET")
  }

  // MARK: HTTP/3

  @Test(arguments: ["websocket", nil])
  func tunnelsCrossHTTP3AndAreCountedAsIdle(protocolName: String?) throws {
    var configuration = HTTP3Configuration()
    configuration.isExtendedConnectEnabled = true
    let wires = try LinkedWires(configuration: configuration)
    try wires.run()
    let head = protocolName.map(Self.head) ?? Self.connect
    let response = wires.open(head)
    try wires.run()
    #expect(wires.client.busyExchangeCount == 1 && wires.server.busyExchangeCount == 1)
    wires.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    try wires.run()
    #expect(response.head?.status == 200 && response.head?.bodyLength == .unknown)
    #expect(wires.client.openExchangeCount == 1 && wires.client.busyExchangeCount == 0)
    #expect(wires.server.openExchangeCount == 1 && wires.server.busyExchangeCount == 0)
    response.request?.receiveRequestBody(ByteBuffer(string: "ping"))
    response.request?.receiveRequestEnd(trailers: nil)
    try wires.run()
    #expect(String(buffer: wires.handler.last.body) == "ping" && wires.handler.last.isEnded)
    wires.handler.last.response.receiveResponseBody(ByteBuffer(string: "pong"))
    wires.handler.last.response.receiveResponseEnd(trailers: nil)
    try wires.run()
    #expect(response.text == "pong" && response.isEnded)
    wires.expectNothingLeft()
    #expect(wires.client.busyExchangeCount == 0 && wires.server.busyExchangeCount == 0)
  }

  @Test(arguments: [true, false])
  func aResetOfATunnelReachesTheOtherEnd(byClient: Bool) throws {
    let wires = try LinkedWires()
    let response = wires.open(RequestHead(fields: [":method": "CONNECT", ":authority": "db:5432"], bodyLength: .unknown))
    try wires.run()
    wires.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    try wires.run()
    if byClient {
      response.request?.cancel(.connectionLost)
      try wires.run()
      #expect(wires.handler.last.cancelReason != nil)
    } else {
      wires.handler.last.response.fail(GatewayError(.httpResponseIncomplete, side: .origin, message: "reset"))
      try wires.run()
      #expect(response.error != nil)
    }
    wires.expectNothingLeft()
    #expect(wires.client.busyExchangeCount == 0 && wires.server.busyExchangeCount == 0)
  }
}
