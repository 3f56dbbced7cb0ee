import Exchange
import HTTPMessage
import NIOCore

/// One request of the demo's client and what comes back, for a task: sending and receiving go on side by side.
struct DemoExchange: Sendable {
  private let events: AsyncStream<DemoEvent>
  private let end: NIOLoopBound<ClientEnd>

  /// Sends the head of a request.
  /// - Parameter handler: a connection or a pool, on its loop.
  static func open(_ head: RequestHead, on handler: NIOLoopBound<any ExchangeHandler>) async throws -> DemoExchange {
    let (events, continuation) = AsyncStream.makeStream(of: DemoEvent.self)
    let loop = handler.eventLoop
    return try await loop.submit {
      let end = ClientEnd(continuation)
      let origin = RequestOrigin(wire: .http1, identity: nil, peerAddress: "demo", listener: "demo", isSecure: false)
      end.request = handler.value.open(ExchangeRequest(head: head, origin: origin), respondingTo: end)
      return DemoExchange(events: events, end: NIOLoopBound(end, eventLoop: loop))
    }.get()
  }

  /// Sends content; what the connection cannot take yet waits in it.
  func send(_ content: ByteBuffer) {
    end.eventLoop.execute { end.value.request?.receiveRequestBody(content) }
  }

  /// Ends the request.
  func finish() {
    end.eventLoop.execute { end.value.request?.receiveRequestEnd(trailers: nil) }
  }

  /// What comes back, in order; each chunk counts as consumed when the next event is asked for.
  var answers: AsyncMapSequence<AsyncStream<DemoEvent>, DemoEvent> {
    events.map { event in
      if case .body(let chunk) = event {
        let byteCount = chunk.readableBytes
        end.eventLoop.execute { end.value.request?.responseConsumed(byteCount) }
      }
      return event
    }
  }
}

/// A part of an answer.
enum DemoEvent: Sendable {
  case head(ResponseHead)
  case body(ByteBuffer)
  case end(trailers: FieldSection?)
  case failed(GatewayError)
}

/// The client's side of an exchange on its loop.
private final class ClientEnd: ResponseSink {
  var request: (any RequestSink)?
  private let events: AsyncStream<DemoEvent>.Continuation

  init(_ events: AsyncStream<DemoEvent>.Continuation) {
    self.events = events
  }

  func receiveInterim(_ head: ResponseHead) {}

  func receiveHead(_ head: ResponseHead) {
    events.yield(.head(head))
  }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    events.yield(.body(chunk))
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    events.yield(.end(trailers: trailers))
    events.finish()
  }

  func fail(_ error: GatewayError) {
    events.yield(.failed(error))
    events.finish()
    request = nil
  }

  func stopRequest(_ reason: ResetReason) {}

  func requestConsumed(_ byteCount: Int) {}
}
