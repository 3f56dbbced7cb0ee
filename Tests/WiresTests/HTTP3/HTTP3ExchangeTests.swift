import Exchange
import HTTP3
import HTTP3TestSupport
import HTTPMessage
import NIOCore
import Testing

@testable import Wires

@Suite("Exchanges over HTTP/3")
struct HTTP3ExchangeTests {
  @Test("a request and its answer cross, with interim responses and trailers")
  func wholeExchange() throws {
    let wires = try LinkedWires()
    let response = wires.open(.post("/a", fields: ["te": "trailers"]))
    response.request?.receiveRequestBody(ByteBuffer(string: "ping"))
    try wires.run()
    let exchange = wires.handler.last
    #expect(exchange.request.origin === LinkedWires.origin)
    #expect(exchange.request.head == .post("/a", fields: ["te": "trailers"]))
    #expect(!exchange.isEnded)
    exchange.response.receiveInterim(ResponseHead(status: 103))
    response.request?.receiveRequestEnd(trailers: ["x-sum": "1"])
    try wires.run()
    #expect(String(buffer: exchange.body) == "ping" && exchange.trailers == ["x-sum": "1"])
    #expect(response.interims.map(\.status) == [103])
    #expect(response.consumedRequestBytes == 4)
    exchange.answer(200, body: "pong", trailers: ["grpc-status": "0"])
    try wires.run()
    #expect(response.head?.status == 200 && response.text == "pong" && response.trailers == ["grpc-status": "0"])
    #expect(response.isEnded && response.error == nil)
    #expect(exchange.consumedResponseBytes == 4)
    wires.expectNothingLeft()
  }

  @Test("requests wait until the peer is authorised")
  func heldUntilAuthorized() throws {
    let wires = try LinkedWires(isAuthorized: false)
    let response = wires.open(.get())
    let cancelled = wires.open(.get("/cancelled"))
    try wires.run()
    #expect(wires.handler.exchanges.isEmpty && !wires.server.isAuthorized)
    cancelled.request?.cancel(.cancelled)
    try wires.run()
    wires.server.authorize(LinkedWires.origin)
    #expect(wires.handler.exchanges.count == 1)
    wires.handler.last.answer(204)
    try wires.run()
    #expect(response.head?.status == 204)
    wires.expectNothingLeft()
  }

  @Test("early requests say so to the origin, whatever the client wrote")
  func earlyData() throws {
    var options = MemoryLinkOptions()
    options.isEarly = true
    let wires = try LinkedWires(isAuthorized: false, options: options)
    _ = wires.open(.get("/a"))
    _ = wires.open(.get("/b", fields: ["early-data": "0"]))
    try wires.run()
    wires.server.authorizeEarly(LinkedWires.origin)
    try wires.run()
    #expect(wires.handler.exchanges.map { $0.request.head.fields.all(.earlyData).map { Array($0) } } == [[[49]], [[49]]])
  }

  @Test("a tunnel is not opened for early data, and is behind the handshake", arguments: [nil, "websocket"])
  func earlyTunnel(protocolName: String?) throws {
    var options = MemoryLinkOptions()
    options.isEarly = true
    var configuration = HTTP3Configuration()
    configuration.isExtendedConnectEnabled = true
    let wires = try LinkedWires(isAuthorized: false, configuration: configuration, options: options)
    var head = RequestHead(fields: [":method": "CONNECT", ":authority": "db:5432"], bodyLength: .unknown)
    if let protocolName {
      head = RequestHead(method: "CONNECT", scheme: "https", authority: "a", path: "/", bodyLength: .unknown)
      head.fields.prepend(.protocol, Array(protocolName.utf8))
    }
    try wires.run()
    let early = wires.open(head)
    early.request?.receiveRequestBody(ByteBuffer(string: "DROP TABLE"))
    try wires.run()
    wires.server.authorizeEarly(LinkedWires.origin)
    try wires.run()
    #expect(wires.handler.exchanges.isEmpty)
    #expect(early.head?.status == 425 && early.isEnded)
    wires.server.authorize(LinkedWires.origin)
    _ = wires.open(head)
    try wires.run()
    #expect(wires.handler.exchanges.count == 1)
  }

  @Test("early requests that nobody answered for wait for the handshake, and are not early any more")
  func heldEarlyData() throws {
    var options = MemoryLinkOptions()
    options.isEarly = true
    let wires = try LinkedWires(isAuthorized: false, options: options)
    _ = wires.open(.get("/a"))
    try wires.run()
    #expect(wires.handler.exchanges.isEmpty)
    wires.server.authorize(LinkedWires.origin)
    // Too late to change anything.
    wires.server.authorizeEarly(LinkedWires.origin)
    try wires.run()
    #expect(wires.handler.exchanges.map { $0.request.head.fields.contains(.earlyData) } == [false])
  }

  @Test("a client's cancel reaches the handler at once", arguments: [false, true])
  func cancel(isRequestEnded: Bool) throws {
    let wires = try LinkedWires()
    let response = wires.open(.post())
    response.request?.receiveRequestBody(ByteBuffer(string: "x"))
    if isRequestEnded { response.request?.receiveRequestEnd(trailers: nil) }
    try wires.run()
    response.request?.cancel(.cancelled)
    try wires.carryToServer()
    #expect(wires.handler.last.cancelReason == .cancelled)
    // What the handler says afterwards changes nothing.
    wires.handler.last.answer(200, body: "late")
    wires.handler.last.response.fail(GatewayError(.internalError, side: .local, message: "late"))
    try wires.run()
    #expect(response.head == nil && response.error == nil)
    wires.expectNothingLeft()
  }

  @Test("a failure before the head is an answer")
  func failBeforeHead() throws {
    let wires = try LinkedWires()
    let error = GatewayError(.connectionRefused, side: .origin, message: "nobody listens")
    wires.handler.onOpen = { $0.response.fail(error) }
    let plain = wires.open(.post())
    plain.request?.receiveRequestBody(ByteBuffer(repeating: 1, count: 300_000))
    let grpc = wires.open(.post(fields: ["content-type": "application/grpc"]))
    try wires.run()
    #expect(plain.head?.status == 502 && plain.text == "core-1: nobody listens\n" && plain.isEnded)
    #expect(plain.head?.fields.text(.proxyStatus)?.contains("connection_refused") == true)
    #expect(plain.stopReason == .noError, "the rest of the request is not wanted")
    #expect(grpc.head?.status == 200 && grpc.head?.fields.text(.grpcStatus) == "14" && grpc.isEnded)
    wires.expectNothingLeft()
  }

  @Test("a failure behind the head is a reset")
  func failBehindHead() throws {
    let wires = try LinkedWires()
    let response = wires.open(.get())
    try wires.run()
    wires.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    wires.handler.last.response.receiveResponseBody(ByteBuffer(string: "part"))
    try wires.run()
    wires.handler.last.response.fail(GatewayError(.connectionTerminated, side: .origin, message: "gone"))
    try wires.run()
    #expect(response.text == "part" && !response.isEnded)
    #expect(response.error?.cause == .httpResponseIncomplete && response.error?.side == .core && response.error?.retry == .unsafe)
    #expect(wires.handler.last.cancelReason == nil, "nobody tells the handler what it said itself")
    wires.expectNothingLeft()
  }

  @Test("a tunnel carries bytes both ways and breaks with its own code")
  func tunnel() throws {
    let wires = try LinkedWires()
    var fields = FieldSection()
    fields.append(.method, "CONNECT")
    fields.append(.authority, "service:5432")
    let response = wires.open(RequestHead(fields: fields, bodyLength: .unknown))
    try wires.run()
    let exchange = wires.handler.last
    #expect(exchange.request.head.isConnect && exchange.request.head.bodyLength == .unknown)
    exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    exchange.response.receiveResponseBody(ByteBuffer(string: "server first"))
    try wires.run()
    #expect(response.head?.bodyLength == .unknown && response.text == "server first")
    response.request?.receiveRequestBody(ByteBuffer(string: "client"))
    try wires.run()
    #expect(String(buffer: exchange.body) == "client")
    exchange.response.fail(GatewayError(.connectionTerminated, side: .origin, message: "reset"))
    try wires.run()
    #expect(response.error?.message.contains("H3_CONNECT_ERROR") == true)
    wires.expectNothingLeft()
  }

  @Test("reasons and codes translate both ways", arguments: [
    ResetReason.noError, .cancelled, .refused, .malformed, .excessiveLoad, .internalError, .incomplete,
  ])
  func reasons(reason: ResetReason) {
    #expect(ResetReason(HTTP3ErrorCode(reason)) == reason)
    let asked = ResetReason(HTTP3ErrorCode(cancelling: reason))
    #expect(asked == (reason == .noError || reason == .refused ? .cancelled : reason))
  }

  @Test("an origin that reads no more stops the request, and its answer arrives")
  func stopRequest() throws {
    let wires = try LinkedWires()
    let response = wires.open(.post())
    response.request?.receiveRequestBody(ByteBuffer(repeating: 1, count: 300_000))
    try wires.run()
    wires.handler.last.response.stopRequest(.noError)
    try wires.run()
    #expect(response.stopReason == .noError && response.error == nil)
    wires.handler.last.answer(200, body: "enough")
    try wires.run()
    #expect(response.text == "enough" && response.isEnded)
    wires.expectNothingLeft()
  }

  @Test("an answer may be complete while the request goes on")
  func answerBeforeRequestEnds() throws {
    let wires = try LinkedWires()
    let response = wires.open(.post())
    try wires.run()
    wires.handler.last.answer(200, body: "first")
    try wires.run()
    #expect(response.isEnded && response.stopReason == nil)
    response.request?.receiveRequestBody(ByteBuffer(string: "more"))
    response.request?.receiveRequestEnd(trailers: nil)
    try wires.run()
    #expect(String(buffer: wires.handler.last.body) == "more" && wires.handler.last.isEnded)
    wires.expectNothingLeft()
  }

  @Test("a client that does not read stops its own origin only")
  func backPressure() throws {
    let wires = try LinkedWires()
    wires.handler.onOpen = { exchange in
      exchange.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
      exchange.response.receiveResponseBody(ByteBuffer(repeating: 7, count: 1 << 20))
      exchange.response.receiveResponseEnd(trailers: nil)
    }
    let slow = wires.open(.get("/slow"))
    let fast = wires.open(.get("/fast"))
    for _ in 0..<2000 {
      try wires.step()
      fast.consume()
    }
    #expect(fast.isEnded && fast.body.readableBytes == 1 << 20)
    #expect(!slow.isEnded && slow.outstandingBytes <= HTTP3Configuration().initialStreamWindowBytes)
    #expect(wires.handler.exchanges[0].consumedResponseBytes <= 160 * 1024)
    for _ in 0..<2000 {
      slow.consume()
      try wires.step()
    }
    #expect(slow.isEnded && slow.body.readableBytes == 1 << 20)
    wires.expectNothingLeft()
  }

  @Test("a malformed answer fails its exchange; too large a one says so")
  func badAnswers() throws {
    let wires = try LinkedWires()
    let short = wires.open(.get("/short"))
    try wires.run()
    wires.handler.last.response.receiveHead(ResponseHead(status: 200, fields: ["content-length": "9"], bodyLength: .known(9)))
    wires.handler.last.response.receiveResponseBody(ByteBuffer(string: "short"))
    wires.handler.last.response.receiveResponseEnd(trailers: nil)
    try wires.run()
    #expect(short.error?.cause == .httpProtocolError && !short.isEnded)
    let large = wires.open(.get("/large"))
    try wires.run()
    wires.handler.last.answer(200, fields: ["x": String(repeating: "v", count: 40_000)])
    try wires.run()
    #expect(large.error?.cause == .httpResponseTooLarge && large.head == nil)
    wires.expectNothingLeft()
  }

  @Test("refused requests are told to whoever counts them")
  func refusals() throws {
    let wires = try LinkedWires()
    let response = wires.open(.get(fields: ["x": String(repeating: "v", count: 40_000)]))
    let connection = wires.open(.get(fields: ["connection": "close"]))
    try wires.run()
    #expect(response.head?.status == 431 && response.isEnded)
    #expect(connection.error?.cause == .connectionTerminated || connection.error?.cause == .httpProtocolError)
    #expect(wires.events.refusals.sorted { $0.rawValue < $1.rawValue } == [.fieldsTooLarge, .malformed])
    #expect(wires.handler.exchanges.isEmpty)
    wires.expectNothingLeft()
  }
}
