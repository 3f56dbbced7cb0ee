import Events
import Exchange
import HTTPMessage
import NIOCore

/// One client's request for a zip, from the first look into the cache to the last byte.
final class ZipClient: RequestSink {
  /// Whether the fetch was begun for this client.
  var isFirst = false
  let request: ExchangeRequest
  private let key: String
  private let cache: ModuleCache
  private var sink: (any ResponseSink)?
  private var state = State.waiting
  private var requestEnded = false

  private enum State {
    case waiting
    case reading(ContentReader)
    /// Somebody else has it.
    case forwarded(any RequestSink)
    case over
  }

  /// Where content comes from.
  enum Source {
    case store
    case fill(isFirst: Bool)
  }

  init(_ request: ExchangeRequest, key: String, cache: ModuleCache, sink: any ResponseSink) {
    self.request = request
    self.key = key
    self.cache = cache
    self.sink = sink
  }

  /// Begins to send, as far as the reader is allowed to.
  /// - Parameter total: bytes of the whole, if they are known.
  /// - Returns: nil if nothing is to be read: the client has gone, or wants the head alone or what is not there.
  func read(_ content: any StoredContent, _ head: ZipHead, total: Int?, from source: Source) -> ContentReader? {
    guard let sink else { return nil }
    let age = max(0, cache.executor.unixTime() - head.fetchedAt)
    let status = source.answerSource.field(hop: cache.server.hop, after: head.upstreamStatus)
    var range: Range<Int>?
    if let total, let wanted = wantedRange(head) {
      range = wanted.resolved(in: total)
      guard range != nil else {
        end()
        sink.receiveHead(ZipHead.unsatisfiable(total: total, cacheStatus: status))
        sink.receiveResponseEnd(trailers: nil)
        return nil
      }
    }
    cache.tell(.answered(source.event, byteCount: range?.count ?? total ?? 0))
    if request.head.isHead {
      end()
      sink.receiveHead(head.response(range: range, total: total, age: age, cacheStatus: status, isHead: true))
      sink.receiveResponseEnd(trailers: nil)
      return nil
    }
    let reader = ContentReader(
      content, from: range?.lowerBound ?? 0, to: range?.upperBound, sink: sink, executor: cache.executor
    ) { [range] total in
      head.response(range: range, total: total, age: age, cacheStatus: status, isHead: false)
    }
    state = .reading(reader)
    return reader
  }

  func answer(_ answer: SmallAnswer, _ source: AnswerSource) {
    guard let sink else { return }
    end()
    cache.send(answer, source, to: sink, isHead: request.head.isHead)
  }

  func fail(_ error: GatewayError) {
    guard let sink else { return }
    end()
    sink.fail(error)
  }

  /// Passes on what comes of the rest from the source itself: there is no room for it here.
  func passOnRest(of head: ZipHead, total: Int?, from source: any ExchangeHandler) {
    guard case .reading(let reader) = state, let sink, let rest = reader.handOver() else { return }
    guard reader.hasHead else {
      state = .waiting
      return forward(to: source)
    }
    let passage = RestOfZip(rest, entityTag: head.entityTag, total: total, sink: sink, executor: cache.executor)
    self.sink = nil
    state = .forwarded(passage)
    passage.begin(request, from: source)
  }

  /// Passes the request on, untouched.
  func forward(to handler: any ExchangeHandler) {
    guard let sink else { return }
    cache.tell(.answered(.bypass, byteCount: 0))
    let target = handler.open(request, respondingTo: sink)
    guard case .waiting = state else { return target.cancel(.cancelled) }
    state = .forwarded(target)
    self.sink = nil
    if requestEnded { target.receiveRequestEnd(trailers: nil) }
  }

  var isGone: Bool { if case .over = state { true } else { false } }

  func receiveRequestBody(_ chunk: ByteBuffer) {
    if case .forwarded(let target) = state { target.receiveRequestBody(chunk) }
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    requestEnded = true
    if case .forwarded(let target) = state { target.receiveRequestEnd(trailers: trailers) }
  }

  func responseConsumed(_ byteCount: Int) {
    switch state {
    case .reading(let reader): reader.consumed(byteCount)
    case .forwarded(let target): target.responseConsumed(byteCount)
    case .waiting, .over: break
    }
  }

  func cancel(_ reason: ResetReason) {
    let was = state
    end()
    switch was {
    case .reading(let reader): reader.cancel()
    case .forwarded(let target): target.cancel(reason)
    case .waiting: cache.left(self, key)
    case .over: break
    }
  }

  private func end() {
    state = .over
    sink = nil
  }

  /// What part the client wants: unless its copy is another one's (`If-Range`, RFC 9110 §13.1.5).
  private func wantedRange(_ head: ZipHead) -> ByteRange? {
    guard let range = request.head.fields.first("range").flatMap({ ByteRange($0) }) else { return nil }
    guard let condition = request.head.fields.text("if-range") else { return range }
    return condition == head.entityTag ? range : nil
  }
}

extension ZipClient.Source {
  fileprivate var answerSource: AnswerSource {
    switch self {
    case .store: .hit
    case .fill(let isFirst): isFirst ? .fetched : .collapsed
    }
  }

  fileprivate var event: ModuleAnswer {
    switch self {
    case .store: .hit
    case .fill(let isFirst): isFirst ? .miss : .collapsed
    }
  }
}

extension ZipHead {
  func response(range: Range<Int>?, total: Int?, age: Int64, cacheStatus: String, isHead: Bool) -> ResponseHead {
    var fields = FieldSection()
    fields.append(.contentType, contentType)
    if let entityTag { fields.append("etag", entityTag) }
    fields.append("accept-ranges", "bytes")
    fields.append("age", String(age))
    fields.append("cache-status", cacheStatus)
    let count = range?.count ?? total
    if let count { fields.append(.contentLength, String(count)) }
    if let range, let total { fields.append("content-range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(total)") }
    let length: BodyLength = isHead ? .none : count.map { .known(UInt64($0)) } ?? .unknown
    return ResponseHead(status: range == nil ? 200 : 206, fields: fields, bodyLength: length)
  }

  static func unsatisfiable(total: Int, cacheStatus: String) -> ResponseHead {
    var fields = FieldSection()
    fields.append("content-range", "bytes */\(total)")
    fields.append("cache-status", cacheStatus)
    fields.append(.contentLength, "0")
    return ResponseHead(status: 416, fields: fields, bodyLength: .none)
  }
}
