import Exchange
import HTTPMessage
import NIOCore
import Synchronization

/// One call from a test: sends a request whole and waits for the answer whole.
final class Call: ResponseSink, @unchecked Sendable {
  // Unchecked: all state is used on the handler's loop; the test gets a copy through the promise.
  struct Answer: Sendable {
    var head: ResponseHead
    var body: ByteBuffer
    var trailers: FieldSection?
  }

  private let promise: EventLoopPromise<Answer>
  private var head: ResponseHead?
  private var body = ByteBuffer()
  private var request: (any RequestSink)?

  /// - Parameters:
  ///   - pace: the time before each chunk and before the end; zero sends all at once.
  ///   - ends: whether the end is sent at all.
  static func send(
    _ head: RequestHead, body: [ByteBuffer] = [], trailers: FieldSection? = nil, pace: TimeAmount = .zero, ends: Bool = true,
    through handler: NIOLoopBound<any ExchangeHandler>
  ) async throws -> Answer {
    try await handler.eventLoop.flatSubmit {
      let call = Call(handler.eventLoop.makePromise())
      let origin = RequestOrigin(wire: .http1, identity: nil, peerAddress: "test", listener: "test", isSecure: false)
      let sink = handler.value.open(ExchangeRequest(head: head, origin: origin), respondingTo: call)
      call.request = sink
      if pace == .zero {
        for chunk in body { sink.receiveRequestBody(chunk) }
        if ends { sink.receiveRequestEnd(trailers: trailers) }
      } else {
        call.send(body[...], pace: pace)
      }
      return call.promise.futureResult
    }.get()
  }

  private func send(_ rest: ArraySlice<ByteBuffer>, pace: TimeAmount) {
    promise.futureResult.eventLoop.scheduleTask(in: pace) { [self] in
      guard let chunk = rest.first else { return request?.receiveRequestEnd(trailers: nil) ?? () }
      request?.receiveRequestBody(chunk)
      send(rest.dropFirst(), pace: pace)
    }
  }

  private init(_ promise: EventLoopPromise<Answer>) {
    self.promise = promise
  }

  func receiveInterim(_ head: ResponseHead) {}
  func receiveHead(_ head: ResponseHead) { self.head = head }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    body.writeImmutableBuffer(chunk)
    // Credit is given behind the call, as a wire does at the end of its turn.
    let count = chunk.readableBytes
    promise.futureResult.eventLoop.execute { self.request?.responseConsumed(count) }
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    guard let head else { return }
    promise.succeed(Answer(head: head, body: body, trailers: trailers))
    request = nil
  }

  func fail(_ error: GatewayError) { promise.fail(error) }
  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}
}
