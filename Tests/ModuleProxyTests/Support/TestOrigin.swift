import Events
import Exchange
import HTTPMessage
@testable import ModuleProxy
import NIOCore

/// An origin that a test plays: every request waits until the test answers it.
final class TestOrigin: ExchangeHandler {
  /// One request, and the answer to it.
  final class Request: RequestSink {
    let head: RequestHead
    let sink: any ResponseSink
    private(set) var consumed = 0
    private(set) var isCancelled = false

    init(_ head: RequestHead, _ sink: any ResponseSink) { (self.head, self.sink) = (head, sink) }

    var path: String { head.fields.text(.path) ?? "" }

    func answer(_ status: Int = 200, _ body: [UInt8], fields: FieldSection = FieldSection()) {
      begin(status, count: body.count, fields: fields)
      sink.receiveResponseBody(ByteBuffer(bytes: body))
      sink.receiveResponseEnd(trailers: nil)
    }

    func answer(_ status: Int = 200, _ text: String) { answer(status, Array(text.utf8)) }

    func begin(_ status: Int = 200, count: Int?, fields: FieldSection = FieldSection()) {
      sink.receiveHead(ResponseHead(status: status, fields: fields, bodyLength: count.map { .known(UInt64($0)) } ?? .unknown))
    }

    func send(_ bytes: some Sequence<UInt8>) { sink.receiveResponseBody(ByteBuffer(bytes: bytes)) }
    func end() { sink.receiveResponseEnd(trailers: nil) }
    func breakOff() { sink.fail(GatewayError(.connectionTerminated, side: .origin, message: "reset")) }

    func receiveRequestBody(_ chunk: ByteBuffer) {}
    func receiveRequestEnd(trailers: FieldSection?) {}
    func cancel(_ reason: ResetReason) { isCancelled = true }
    func responseConsumed(_ byteCount: Int) { consumed += byteCount }
  }

  private(set) var requests: [Request] = []

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let opened = Request(request.head, sink)
    requests.append(opened)
    return opened
  }

  /// The requests for a path so far.
  func asked(_ path: String) -> [Request] { requests.filter { $0.path == path } }
}

/// A client that takes what it gets.
final class TestClient: ResponseSink {
  private(set) var head: ResponseHead?
  private(set) var body: [UInt8] = []
  private(set) var isComplete = false
  private(set) var error: GatewayError?
  var request: (any RequestSink)?
  /// Whether it reads.
  var takes = true

  var status: Int? { head?.status }
  var text: String { String(decoding: body, as: UTF8.self) }
  var cacheStatus: String { head?.fields.text("cache-status") ?? "" }

  func receiveInterim(_ head: ResponseHead) {}
  func receiveHead(_ head: ResponseHead) { self.head = head }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    body += chunk.readableBytesView
    taken += chunk.readableBytes
  }

  /// Tells that it has taken what came; not from inside a call of the sink.
  func report() {
    guard takes, taken > 0 else { return }
    let count = taken
    taken = 0
    request?.responseConsumed(count)
  }

  func receiveResponseEnd(trailers: FieldSection?) { isComplete = true }
  func fail(_ error: GatewayError) { self.error = error }
  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}

  private var taken = 0
}

final class EventRecorder: EventSink {
  private(set) var events: [ModuleEvent] = []

  func record(_ event: Event) { if case .module(let event) = event { events.append(event) } }

  func count(_ matches: (ModuleEvent) -> Bool) -> Int { events.count(where: matches) }

  func answers(_ answer: ModuleAnswer) -> Int {
    count { if case .answered(let given, _) = $0 { given == answer } else { false } }
  }

  var failures: [ModuleDownloadFailure] {
    events.compactMap { if case .downloadFailed(let failure) = $0 { failure } else { nil } }
  }

  var refusals: [ModuleRefusal] {
    events.compactMap { if case .refused(let refusal, _, _) = $0 { refusal } else { nil } }
  }
}
