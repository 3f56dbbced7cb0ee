import Exchange
import HTTPMessage
import NIOCore

/// Passes the rest of a zip from the source to one client that was sent its beginning.
final class RestOfZip: RequestSink, ResponseSink {
  private var position: Int
  private let rest: ContentReader.Rest
  private let entityTag: String?
  private let total: Int?
  private let executor: any CacheExecutor
  /// Nil when it is over.
  private var sink: (any ResponseSink)?
  private var target: (any RequestSink)?
  /// What the client has not taken yet of what somebody else has sent it.
  private var owed: Int
  /// What the source sends anew because it does not know ranges.
  private var skipping = 0

  /// - Parameters:
  ///   - entityTag: of the zip that the client has the beginning of.
  ///   - total: its bytes, if somebody has said it.
  init(_ rest: ContentReader.Rest, entityTag: String?, total: Int?, sink: any ResponseSink, executor: any CacheExecutor) {
    self.rest = rest
    position = rest.start
    owed = rest.owed
    self.entityTag = entityTag
    self.total = total
    self.sink = sink
    self.executor = executor
  }

  func begin(_ request: ExchangeRequest, from source: any ExchangeHandler) {
    var request = request.unconditional
    request.head.fields.append("range", "bytes=\(rest.start)-\(rest.end.map { String($0 - 1) } ?? "")")
    if let entityTag, !entityTag.hasPrefix("W/") { request.head.fields.append("if-range", entityTag) }
    let target = source.open(request, respondingTo: self)
    guard sink != nil else { return target.cancel(.cancelled) }
    self.target = target
    target.receiveRequestEnd(trailers: nil)
  }

  // MARK: ResponseSink

  func receiveInterim(_ head: ResponseHead) {}

  func receiveHead(_ head: ResponseHead) {
    let isSame = entityTag == nil || head.fields.text("etag").map { $0 == entityTag } != false
    switch head.status {
    case 200 where isSame: skipping = rest.start
    case 206 where isSame:
      let range = head.fields.first("content-range").flatMap(ByteRange.contentRange)
      let isSameTotal = total == nil || range?.total == nil || range?.total == total
      guard range?.start == rest.start, isSameTotal else { return breakOff() }
    default: breakOff()
    }
  }

  func receiveResponseBody(_ chunk: ByteBuffer) {
    guard let sink else { return }
    var chunk = chunk
    let skipped = min(skipping, chunk.readableBytes)
    if skipped > 0 {
      skipping -= skipped
      chunk.moveReaderIndex(forwardBy: skipped)
      executor.eventLoop.assumeIsolated().execute { [self] in target?.responseConsumed(skipped) }
    }
    if let end = rest.end, let wanted = chunk.readSlice(length: min(end - position, chunk.readableBytes)) { chunk = wanted }
    guard chunk.readableBytes > 0 else { return }
    position += chunk.readableBytes
    sink.receiveResponseBody(chunk)
    guard position == rest.end else { return }
    leave()
    finish()?.receiveResponseEnd(trailers: nil)
  }

  func receiveResponseEnd(trailers: FieldSection?) {
    target = nil
    guard let end = rest.end ?? total, position < end else {
      finish()?.receiveResponseEnd(trailers: nil)
      return
    }
    breakOff()
  }

  func fail(_ error: GatewayError) {
    target = nil
    finish()?.fail(error)
  }

  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}

  private func breakOff() {
    leave()
    finish()?.fail(GatewayError(.httpResponseIncomplete, side: .origin, message: "the rest of a module's zip cannot be had"))
  }

  /// Not from inside what the source calls.
  private func leave() {
    guard let target else { return }
    self.target = nil
    executor.eventLoop.assumeIsolated().execute { target.cancel(.cancelled) }
  }

  private func finish() -> (any ResponseSink)? {
    defer { sink = nil }
    return sink
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) {}
  func receiveRequestEnd(trailers: FieldSection?) {}

  func responseConsumed(_ byteCount: Int) {
    let others = min(owed, byteCount)
    owed -= others
    if byteCount > others { target?.responseConsumed(byteCount - others) }
  }

  func cancel(_ reason: ResetReason) {
    sink = nil
    target?.cancel(reason)
    target = nil
  }
}
