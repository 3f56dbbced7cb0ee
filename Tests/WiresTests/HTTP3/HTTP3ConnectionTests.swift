import Exchange
import HTTP3
import HTTP3TestSupport
import HTTPMessage
import LinkEmulator
import NIOCore
import Testing

@testable import Wires

@Suite("Exchanges and the life of their HTTP/3 connection")
struct HTTP3ConnectionTests {
  @Test("requests that find no stream wait in order, with what follows their head")
  func waiting() throws {
    var options = MemoryLinkOptions()
    options.bidirectionalStreams = 2
    let wires = try LinkedWires(options: options)
    let responses = (0..<5).map { wires.open(.post("/\($0)")) }
    for (index, response) in responses.enumerated() {
      response.request?.receiveRequestBody(ByteBuffer(string: "body \(index)"))
      response.request?.receiveRequestEnd(trailers: index == 4 ? ["x-last": "yes"] : nil)
    }
    #expect(wires.client.openExchangeCount == 5)
    try wires.run()
    #expect(wires.handler.exchanges.count == 2)
    responses[3].request?.cancel(.cancelled)
    wires.handler.onOpen = nil
    for index in 0..<2 { wires.handler.exchanges[index].answer(204) }
    try wires.run()
    #expect(wires.handler.exchanges.map { $0.request.head.fields.text(.path) } == ["/0", "/1", "/2", "/4"])
    #expect(String(buffer: wires.handler.last.body) == "body 4" && wires.handler.last.trailers == ["x-last": "yes"])
    for exchange in wires.handler.exchanges.dropFirst(2) { exchange.answer(204) }
    try wires.run()
    #expect(responses.map { $0.head?.status } == [204, 204, 204, nil, 204])
    wires.expectNothingLeft()
  }

  @Test("more than may wait are refused and may be sent elsewhere")
  func tooManyWaiting() throws {
    var options = MemoryLinkOptions()
    options.bidirectionalStreams = 1
    let wires = try LinkedWires(waitingLimit: 3, options: options)
    let responses = (0..<5).map { wires.open(.get("/\($0)")) }
    #expect(responses.map { $0.error?.cause } == [nil, nil, nil, nil, .connectionLimitReached])
    #expect(responses[4].error?.retry == .safe && responses[4].error?.status == 503)
  }

  @Test("a lost connection fails and cancels everything that was open")
  func lost() throws {
    var options = MemoryLinkOptions()
    options.bidirectionalStreams = 2
    let wires = try LinkedWires(options: options)
    let first = wires.open(.post())
    let answered = wires.open(.get())
    try wires.run()
    let waiting = wires.open(.get("/waiting"))
    wires.handler.last.response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    try wires.run()
    let error = GatewayError(.connectionTerminated, side: .core, message: "the core is gone")
    wires.client.connectionClosed(error)
    wires.server.connectionClosed()
    #expect(first.error == error && answered.error == error)
    #expect(waiting.error?.retry == .safe && waiting.error?.cause == .connectionTerminated)
    #expect(wires.handler.exchanges.map(\.cancelReason) == [.connectionLost, .connectionLost])
    #expect(wires.client.openExchangeCount == 0 && wires.server.openExchangeCount == 0)
    // Nobody is hurt by what comes late.
    first.request?.receiveRequestBody(ByteBuffer(string: "late"))
    first.request?.receiveRequestEnd(trailers: nil)
    first.request?.responseConsumed(10)
    first.request?.cancel(.cancelled)
    wires.handler.last.response.receiveResponseBody(ByteBuffer(string: "late"))
    wires.handler.last.response.receiveResponseEnd(trailers: nil)
    let next = wires.open(.get())
    #expect(next.error?.cause == .destinationUnavailable && next.error?.retry == .safe)
    #expect(wires.client.isDraining)
  }

  @Test("a core that drains finishes what it has; what waited may go elsewhere")
  func drain() throws {
    var options = MemoryLinkOptions()
    options.bidirectionalStreams = 1
    let wires = try LinkedWires(options: options)
    let open = wires.open(.get("/open"))
    try wires.run()
    let waiting = wires.open(.get("/waiting"))
    wires.server.drain()
    try wires.run()
    #expect(wires.client.isDraining)
    #expect(waiting.error?.retry == .safe)
    #expect(wires.open(.get()).error?.retry == .safe)
    wires.server.completeDrain()
    try wires.run()
    wires.handler.last.answer(200, body: "done")
    try wires.run()
    #expect(open.text == "done" && open.isEnded)
    wires.expectNothingLeft()
  }

  @Test("a request that crosses the last GOAWAY was not processed and says so")
  func rejected() throws {
    let wires = try LinkedWires()
    try wires.run()
    wires.server.completeDrain()
    let response = wires.open(.get())
    try wires.link.client.writePass()
    try wires.run()
    #expect(response.error?.retry == .safe && response.error?.cause == .destinationUnavailable)
    #expect(wires.handler.exchanges.isEmpty)
    wires.expectNothingLeft()
  }

  @Test("a finished exchange leaves no object behind")
  func noObjectLeft() throws {
    let wires = try LinkedWires()
    weak var incoming: HTTP3ServerExchange?
    weak var outgoing: HTTP3ClientExchange?
    weak var fake: FakeResponse?
    do {
      wires.handler.onOpen = { exchange in
        incoming = exchange.response as? HTTP3ServerExchange
        exchange.answer(200, body: "x")
      }
      let response = wires.open(.get())
      outgoing = response.request as? HTTP3ClientExchange
      fake = response
      try wires.run()
      #expect(response.isEnded && incoming != nil && outgoing != nil)
      response.consume()
      response.request = nil
    }
    wires.handler.forgetAll()
    #expect(incoming == nil && outgoing == nil && fake == nil)
    wires.expectNothingLeft()
  }

  @Test("random exchanges, cancels, failures and stops end, all of them", arguments: [1, 2, 3, 4] as [UInt64])
  func random(seed: UInt64) throws {
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var options = MemoryLinkOptions()
    options.chunkSeed = seed
    options.bidirectionalStreams = 20
    options.packetsPerPass = 30
    options.acknowledgementDelay = 2
    var configuration = HTTP3Configuration()
    configuration.maximumConcurrentStreams = 20
    let wires = try LinkedWires(configuration: configuration, options: options)
    var responses: [FakeResponse] = []
    var cancelled: Set<ObjectIdentifier> = []
    wires.handler.onEvent = { exchange in
      guard exchange.isEnded, exchange.cancelReason == nil else { return }
      exchange.answer(200, body: String(repeating: "r", count: exchange.body.readableBytes))
    }
    for round in 0..<150 {
      let response = wires.open(.post("/\(round)"))
      responses.append(response)
      response.request?.receiveRequestBody(ByteBuffer(repeating: 1, count: Int.random(in: 1...20_000, using: &generator)))
      if Int.random(in: 0..<4, using: &generator) > 0 { response.request?.receiveRequestEnd(trailers: nil) }
      try wires.step()
      for response in responses where Bool.random(using: &generator) { response.consume() }
      switch Int.random(in: 0..<8, using: &generator) {
      case 0:
        guard let victim = responses.randomElement(using: &generator) else { continue }
        cancelled.insert(ObjectIdentifier(victim))
        victim.request?.cancel(.cancelled)
      case 1:
        wires.handler.exchanges.randomElement(using: &generator)?.response.fail(
          GatewayError(.connectionTerminated, side: .origin, message: "gone"))
      case 2:
        wires.handler.exchanges.randomElement(using: &generator)?.response.stopRequest(.noError)
      default: break
      }
    }
    for _ in 0..<50 {
      for response in responses where !response.isEnded && response.error == nil {
        response.request?.receiveRequestEnd(trailers: nil)
      }
      for exchange in wires.handler.exchanges { exchange.response.receiveHead(ResponseHead(status: 204)) }
      for _ in 0..<20 {
        try wires.step()
        for response in responses { response.consume() }
      }
    }
    try wires.run()
    for response in responses where !cancelled.contains(ObjectIdentifier(response)) {
      #expect(response.isEnded || response.error != nil, "seed \(seed)")
    }
    for response in responses where !response.isEnded { response.request?.cancel(.cancelled) }
    for exchange in wires.handler.exchanges { exchange.response.fail(GatewayError(.internalError, side: .local, message: "end")) }
    try wires.run()
    wires.expectNothingLeft()
  }

  @Test("content that is not reported consumed counts as consumed when its exchange is over")
  func unreportedContent() throws {
    var configuration = HTTP3Configuration()
    configuration.receiveBudgetBytes = 16 << 10
    configuration.maximumConcurrentStreams = 8
    let wires = try LinkedWires(configuration: configuration)
    wires.handler.onOpen = { $0.consumesAtOnce = false }
    wires.handler.onEvent = { if $0.isEnded { $0.answer(200, body: String(repeating: "b", count: 1 << 10)) } }
    for number in 0..<64 {
      let response = wires.open(.post("/\(number)"))
      response.request?.receiveRequestBody(ByteBuffer(repeating: 97, count: 1 << 10))
      response.request?.receiveRequestEnd(trailers: nil)
      try wires.run()
      #expect(response.isEnded, "request \(number) has no answer")
    }
    #expect(wires.client.session.unconsumedBytes == 0)
    wires.expectNothingLeft()
  }
}
