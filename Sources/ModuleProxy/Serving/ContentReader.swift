import Exchange
import HTTPMessage
import NIOCore

/// Sends stored content to one client, as fast as it takes it and no further than it may see yet.
///
/// The head goes with the first byte, so that an answer that turns out to be wrong before can still be another one.
final class ContentReader {
  private let content: any StoredContent
  private let sink: any ResponseSink
  private let executor: any CacheExecutor
  private let makeHead: (_ total: Int?) -> ResponseHead
  private var position: Int
  /// Behind the last byte; nil until it is known how many there are.
  private var end: Int?
  /// What may be seen so far.
  private var limit = 0
  private var total: Int?
  private var outstanding = 0
  /// It has all come and is right.
  private var isSettled = false
  private var isReading = false
  private var isOver = false
  private(set) var hasHead = false
  var onEnd: (() -> Void)?

  /// - Parameters:
  ///   - range: what is wanted of it.
  ///   - makeHead: the head, once it is needed.
  init(
    _ content: any StoredContent, from start: Int, to end: Int?, sink: any ResponseSink, executor: any CacheExecutor,
    makeHead: @escaping (_ total: Int?) -> ResponseHead
  ) {
    self.content = content
    position = start
    self.end = end
    self.sink = sink
    self.executor = executor
    self.makeHead = makeHead
  }

  /// - Parameters:
  ///   - limit: bytes of the content that may be sent.
  ///   - total: bytes of it all, as far as somebody has said it.
  func allow(upTo limit: Int, total: Int?) {
    guard !isOver else { return }
    self.limit = limit
    self.total = total
    advance()
  }

  /// The content is all there and right: without this nobody's answer is complete.
  func settle(total: Int) {
    isSettled = true
    if end == nil { end = total }
    allow(upTo: total, total: total)
  }

  func consumed(_ count: Int) {
    outstanding = max(0, outstanding - count)
    advance()
  }

  /// The content is not what it should be, or the rest of it cannot be had.
  func fail(_ error: GatewayError) {
    guard !isOver else { return }
    finish()
    sink.fail(error)
  }

  /// Nothing more can be read here; somebody else sends the client the rest.
  /// - Returns: nil if there is none.
  func handOver() -> Rest? {
    guard !isOver else { return nil }
    finish()
    return Rest(start: position, end: end, owed: outstanding)
  }

  /// What a client has not been sent.
  struct Rest {
    let start: Int
    /// Behind the last byte that it wants; nil for all.
    let end: Int?
    /// What it was sent and has not taken yet.
    let owed: Int
  }

  /// The client is gone.
  func cancel() {
    guard !isOver else { return }
    finish()
  }

  private func advance() {
    guard !isOver, !isReading else { return }
    if isSettled, let end, position >= end { return complete() }
    // A part that has been asked for has a length of its own: with its last byte it would be complete.
    let visible = min(limit, end.map { isSettled ? $0 : $0 - 1 } ?? limit)
    let count = min(visible - position, Self.pieceBytes, Self.windowBytes - outstanding)
    guard count > 0, count >= Self.leastBytes || position + count == visible else { return }
    isReading = true
    executor.run { [content, position] in try content.buffer(at: position, count: count) }.assumeIsolated().whenComplete {
      [self] result in
      isReading = false
      guard !isOver else { return }
      switch result {
      case .success(let buffer):
        sendHead()
        position += buffer.readableBytes
        outstanding += buffer.readableBytes
        sink.receiveResponseBody(buffer)
        advance()
      case .failure(let error):
        fail(GatewayError(.internalError, side: .local, message: "the module cache cannot be read: \(error)"))
      }
    }
  }

  private func sendHead() {
    guard !hasHead else { return }
    hasHead = true
    sink.receiveHead(makeHead(total))
  }

  private func complete() {
    // It may be empty.
    sendHead()
    finish()
    sink.receiveResponseEnd(trailers: nil)
  }

  private func finish() {
    isOver = true
    let onEnd = onEnd
    self.onEnd = nil
    onEnd?()
  }

  private static let pieceBytes = 128 * 1024
  /// What a client has not taken yet.
  private static let windowBytes = 384 * 1024
  /// Less is not worth the way to the disk, unless nothing more is to be had.
  private static let leastBytes = 64 * 1024
}
