import Exchange
import HTTP3
import HTTP3TestSupport
import HTTPMessage
import NIOCore
import Testing

@testable import Wires

@Suite("Requests over HTTP/3 that are answered, or given up, before their end")
struct HTTP3StoppedRequestTests {
  @Test("a client whose upload is out of credit hears that it is not wanted")
  func blockedUpload() throws {
    var options = MemoryLinkOptions()
    options.tellsStopSending = false
    let wires = try LinkedWires(options: options)
    wires.handler.onOpen = { $0.consumesAtOnce = false }
    let response = wires.open(.post())
    response.request?.receiveRequestBody(ByteBuffer(repeating: 1, count: 1 << 20))
    try wires.run()
    wires.handler.last.answer(401, body: "no")
    wires.handler.last.response.stopRequest(.noError)
    try wires.run()
    #expect(response.isEnded && response.text == "no")
    #expect(response.stopReason == .noError)
    wires.expectNothingLeft()
  }

  @Test("a stopped request leaves no object behind and is told to be over")
  func stoppedRequest() throws {
    let wires = try LinkedWires()
    weak var incoming: HTTP3ServerExchange?
    wires.handler.onOpen = { exchange in
      incoming = exchange.response as? HTTP3ServerExchange
      exchange.answer(200, body: "enough")
      exchange.response.stopRequest(.noError)
    }
    let response = wires.open(.post())
    response.request?.receiveRequestBody(ByteBuffer(repeating: 1, count: 300_000))
    try wires.run()
    #expect(response.isEnded && response.stopReason == .noError)
    #expect(
      wires.handler.last.isEnded || wires.handler.last.cancelReason != nil, "whoever took the request still waits for its end")
    wires.handler.forgetAll()
    #expect(incoming == nil)
    wires.expectNothingLeft()
  }

  @Test("a wait for a stream can be ended, and the next in line is served")
  func waitForStream() throws {
    var options = MemoryLinkOptions()
    options.bidirectionalStreams = 1
    var configuration = HTTP3Configuration()
    configuration.maximumConcurrentStreams = 1
    let wires = try LinkedWires(configuration: configuration, options: options)
    let first = wires.open(.get("/first"))
    let second = wires.open(.post("/second"))
    let third = wires.open(.get("/third"))
    try wires.run()
    let exchange = try #require(second.request)
    let served = try #require(first.request)
    #expect(wires.client.isWaiting(exchange) && !wires.client.isWaiting(served))
    wires.client.giveUp(exchange, after: "5s")
    #expect(second.error?.cause == .connectionLimitReached && second.error?.retry == .safe)
    #expect(second.error?.message.contains("in 5s") == true)
    wires.client.giveUp(served, after: "5s")
    wires.handler.last.answer(204)
    try wires.run()
    #expect(first.head?.status == 204 && first.error == nil)
    #expect(wires.handler.last.request.head.path.map { Array($0) } == Array("/third".utf8))
    wires.handler.last.answer(204)
    try wires.run()
    #expect(third.head?.status == 204)
    wires.expectNothingLeft()
  }

  @Test("an answer with more interim responses than anybody needs is refused")
  func interimFlood() throws {
    let wires = try LinkedWires()
    let response = wires.open(.get())
    try wires.run()
    for _ in 0..<100 { wires.handler.last.response.receiveInterim(ResponseHead(status: 103)) }
    try wires.run()
    #expect(response.interims.count <= 33 && response.error?.cause == .httpProtocolError)
    wires.handler.last.response.fail(GatewayError(.internalError, side: .local, message: "end"))
    try wires.run()
    wires.expectNothingLeft()
  }
}
