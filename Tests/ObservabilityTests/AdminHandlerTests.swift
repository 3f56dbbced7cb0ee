import Events
import Exchange
import HTTPMessage
import NIOCore
import Observability
import Testing

@Suite struct AdminHandlerTests {
  @Test func `livez is ok as long as the loop turns`() {
    let answer = get("/livez", readiness: .notReady("draining"))
    #expect(answer.status == 200)
    #expect(answer.body == "ok\n")
    #expect(answer.calls == ["head", "body", "end"])
  }

  @Test func `readyz says what is missing`() {
    #expect(get("/readyz", readiness: .ready).status == 200)
    let answer = get("/readyz", readiness: .notReady("the link to core:4433 is not confirmed"))
    #expect(answer.status == 503)
    #expect(answer.body == "the link to core:4433 is not confirmed\n")
  }

  @Test func `answers have their length and are not to be stored`() {
    let head = get("/livez").head
    #expect(head?.fields.text(.contentLength) == "3")
    #expect(head?.fields.text("cache-control") == "no-store")
    #expect(head?.fields.text(.contentType) == "text/plain; charset=utf-8")
    #expect(head?.bodyLength == .known(3))
  }

  @Test func `metrics come when all loops have answered`() {
    var waiting: (([LoopSnapshot]) -> Void)?
    let sink = FakeSink()
    let exchange = handler(collect: { waiting = $0 }).open(request("/metrics"), respondingTo: sink)
    exchange.receiveRequestEnd(trailers: nil)
    #expect(sink.calls.isEmpty)
    waiting?([LoopMetrics().snapshot(), LoopMetrics().snapshot()])
    #expect(sink.status == 200)
    #expect(sink.head?.fields.text(.contentType) == "text/plain; version=0.0.4; charset=utf-8")
    #expect(sink.body.contains("quicgw_event_loops 2\n"))
    #expect(sink.calls == ["head", "body", "end"])
  }

  @Test func `a client that leaves while the loops are asked is sent nothing`() {
    var waiting: (([LoopSnapshot]) -> Void)?
    let sink = FakeSink()
    let exchange = handler(collect: { waiting = $0 }).open(request("/metrics"), respondingTo: sink)
    exchange.cancel(.connectionLost)
    waiting?([])
    waiting?([])
    #expect(sink.calls.isEmpty)
  }

  @Test func `a page that answers twice answers once`() {
    var routes = AdminRoutes()
    routes.add("/twice") { _, completion in
      completion(.text(200, "first"))
      completion(.text(500, "second"))
    }
    let sink = FakeSink()
    _ = AdminHandler(routes: routes).open(request("/twice"), respondingTo: sink)
    #expect(sink.body == "first\n")
    #expect(sink.calls == ["head", "body", "end"])
  }

  @Test(arguments: ["/", "", "/livez/", "/metricsx", "*", "/../metrics"])
  func `other paths are not found and told what there is`(path: String) {
    let answer = get(path)
    #expect(answer.status == 404)
    #expect(answer.body == "no such page; there are /livez, /metrics, /readyz\n")
  }

  @Test func `a query is not part of the path and is given to the page`() {
    #expect(get("/livez?verbose=1").status == 200)
    var routes = AdminRoutes()
    routes.add("/echo") { query, completion in completion(.text(200, query)) }
    let sink = FakeSink()
    _ = AdminHandler(routes: routes).open(request("/echo?a=1?b"), respondingTo: sink)
    #expect(sink.body == "a=1?b\n")
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "get"])
  func `other methods are not allowed`(method: String) {
    let sink = FakeSink()
    _ = handler().open(request("/livez", method: method), respondingTo: sink)
    #expect(sink.status == 405)
    #expect(sink.head?.fields.text("allow") == "GET, HEAD")
  }

  @Test func `HEAD has the head alone`() {
    let sink = FakeSink()
    _ = handler().open(request("/livez", method: "HEAD"), respondingTo: sink)
    #expect(sink.status == 200)
    #expect(sink.head?.fields.text(.contentLength) == "3")
    #expect(sink.head?.bodyLength == BodyLength.none)
    #expect(sink.calls == ["head", "end"])
  }

  @Test func `content of a request is not wanted`() {
    let sink = FakeSink()
    let exchange = handler().open(request("/livez", bodyLength: .known(1_000_000)), respondingTo: sink)
    #expect(sink.calls == ["head", "body", "end", "stop"])
    exchange.receiveRequestBody(ByteBuffer(string: "x"))
    exchange.receiveRequestEnd(trailers: nil)
    exchange.responseConsumed(3)
    #expect(sink.calls == ["head", "body", "end", "stop"])
  }

  @Test func `an exchange that is over holds nobody`() {
    let handler = handler()
    weak var gone: FakeSink?
    weak var goneExchange: (any RequestSink)?
    do {
      let sink = FakeSink()
      gone = sink
      let exchange = handler.open(request("/metrics"), respondingTo: sink)
      goneExchange = exchange
      exchange.receiveRequestEnd(trailers: nil)
    }
    #expect(gone == nil)
    #expect(goneExchange == nil)
  }

  private func get(_ path: String, readiness: Readiness = .ready) -> FakeSink {
    let sink = FakeSink()
    let exchange = handler(readiness: readiness).open(request(path), respondingTo: sink)
    exchange.receiveRequestEnd(trailers: nil)
    return sink
  }

  private func handler(
    readiness: Readiness = .ready, collect: @escaping (@escaping ([LoopSnapshot]) -> Void) -> Void = { $0([]) }
  ) -> AdminHandler {
    let process = ProcessFacts(role: .core, version: "1", instance: "i", startTime: sampleTime, certificates: [])
    return AdminHandler(routes: .standard(readiness: { readiness }, process: { process }, collect: collect))
  }

  private func request(_ path: String, method: String = "GET", bodyLength: BodyLength = .none) -> ExchangeRequest {
    ExchangeRequest(
      head: RequestHead(method: method, authority: "localhost:9901", path: path, bodyLength: bodyLength),
      origin: RequestOrigin(wire: .http1, identity: nil, peerAddress: "127.0.0.1:5", listener: "admin", isSecure: false))
  }
}

/// Keeps an answer and the order in which its parts came.
private final class FakeSink: ResponseSink {
  private(set) var head: ResponseHead?
  private(set) var body = ""
  private(set) var calls: [String] = []

  var status: Int? { head?.status }

  func receiveInterim(_ head: ResponseHead) { calls.append("interim") }

  func receiveHead(_ head: ResponseHead) {
    self.head = head
    calls.append("head")
  }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    body += String(buffer: chunk)
    calls.append("body")
  }

  func receiveResponseEnd(trailers: FieldSection?) { calls.append("end") }
  func fail(_ error: GatewayError) { calls.append("fail") }
  func stopRequest(_ reason: ResetReason) { calls.append("stop") }
  func requestConsumed(_ byteCount: Int) { calls.append("consumed") }
}
