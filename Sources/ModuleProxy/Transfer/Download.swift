import Exchange
import HTTPMessage
import NIOCore

/// Who takes what a download brings; called on the loop.
protocol DownloadOwner: AnyObject {
  /// The head of the answer, of a success as of a refusal: once, and again after a restart.
  func downloadBegan(_ head: ResponseHead)
  /// What has come so far is of no use: the answer begins anew.
  func downloadRestarted()
  /// Content, in order and without gaps, whatever it took to get it. To be reported by `Download.consumed(_:)`, and not from
  /// inside.
  func downloadReceived(_ chunk: ByteBuffer)
  func downloadCompleted()
  func downloadFailed(_ failure: TransferFailure, status: Int?)
}

/// Fetches one thing from a source, with as many requests as it takes.
final class Download {
  private(set) var transfer: Transfer
  private let source: any ExchangeHandler
  private let request: ExchangeRequest
  private let executor: any CacheExecutor
  private unowned let owner: any DownloadOwner
  private var attempt: Attempt?
  /// When the attempt has last brought something, or the owner has last taken something.
  private var movedAt: NIODeadline
  /// Bytes that the owner has not taken yet: while there are any, it is not the source that stalls.
  private var untaken = 0
  private var isOver = false
  private var lastStatus: Int?

  /// - Parameter request: without fields that make its answer conditional or partial.
  init(
    _ request: ExchangeRequest, from source: any ExchangeHandler, limits: TransferLimits, executor: any CacheExecutor,
    owner: any DownloadOwner
  ) {
    self.request = request
    self.source = source
    self.executor = executor
    self.owner = owner
    movedAt = executor.now()
    transfer = Transfer(limits: limits, now: movedAt)
  }

  func begin() {
    var request = request
    if let range = transfer.range {
      request.head.fields.append("range", "bytes=\(range.start)-")
      if let validator = range.validator { request.head.fields.append("if-range", validator) }
    }
    let attempt = Attempt(self)
    self.attempt = attempt
    movedAt = executor.now()
    untaken = 0
    let sink = source.open(request, respondingTo: attempt)
    attempt.opened(sink)
    watch(attempt)
  }

  /// Nobody wants it any more.
  func cancel() {
    isOver = true
    giveUpAttempt()
  }

  /// The owner has taken so many bytes of what it was given.
  func consumed(_ count: Int) {
    untaken = max(0, untaken - count)
    movedAt = executor.now()
    attempt?.consumed(count)
  }

  fileprivate func receive(_ head: ResponseHead, _ attempt: Attempt) {
    guard attempt === self.attempt, !isOver else { return }
    lastStatus = head.status
    movedAt = executor.now()
    follow(transfer.headArrived(TransferHead(head), now: executor.now()), head)
  }

  fileprivate func receive(_ chunk: ByteBuffer, _ attempt: Attempt) {
    guard attempt === self.attempt, !isOver else { return }
    movedAt = executor.now()
    var chunk = chunk
    let skipped = min(attempt.skipping, chunk.readableBytes)
    if skipped > 0 {
      attempt.skipping -= skipped
      chunk.moveReaderIndex(forwardBy: skipped)
      executor.eventLoop.assumeIsolated().execute { attempt.consumed(skipped) }
    }
    guard chunk.readableBytes > 0 else { return }
    if attempt.isOtherAnswer { return receiveOther(chunk, attempt) }
    let step = transfer.contentArrived(chunk.readableBytes, now: executor.now())
    if case .fail = step { return follow(step, nil) }
    untaken += chunk.readableBytes
    owner.downloadReceived(chunk)
  }

  /// Content of an answer that is no success: the beginning of it is enough.
  private func receiveOther(_ chunk: ByteBuffer, _ attempt: Attempt) {
    var chunk = chunk
    let wanted = chunk.readSlice(length: min(chunk.readableBytes, Self.otherBytes - attempt.otherCount)) ?? ByteBuffer()
    attempt.otherCount += wanted.readableBytes
    untaken += wanted.readableBytes
    owner.downloadReceived(wanted)
    guard chunk.readableBytes > 0, !isOver else { return }
    isOver = true
    giveUpAttempt()
    owner.downloadCompleted()
  }

  fileprivate func receiveEnd(_ attempt: Attempt) {
    guard attempt === self.attempt, !isOver else { return }
    if attempt.isOtherAnswer {
      isOver = true
      self.attempt = nil
      return owner.downloadCompleted()
    }
    follow(transfer.ended(now: executor.now()), nil)
  }

  fileprivate func receive(_ error: GatewayError, _ attempt: Attempt) {
    guard attempt === self.attempt, !isOver else { return }
    lastStatus = error.status
    // Asked again, nobody says anything else.
    if error.isRefusal, transfer.received == 0 { return follow(.fail(TransferFailure(.unreachable, error.message)), nil) }
    follow(transfer.broken(error.message, now: executor.now()), nil)
  }

  private func follow(_ step: Transfer.Step, _ head: ResponseHead?) {
    switch step {
    case .take(let skipping):
      attempt?.skipping = skipping
      // Before anything has come, the head of the last answer counts.
      if let head, transfer.received == 0 { owner.downloadBegan(head) }
    case .answer:
      attempt?.isOtherAnswer = true
      if let head { owner.downloadBegan(head) }
    case .retry(let delay):
      giveUpAttempt()
      if !transfer.resumes { owner.downloadRestarted() }
      executor.after(delay) { [self] in if !isOver { begin() } }
    case .fail(let failure):
      isOver = true
      giveUpAttempt()
      owner.downloadFailed(failure, status: lastStatus)
    case .complete:
      isOver = true
      attempt = nil
      owner.downloadCompleted()
    case .wait: break
    }
  }

  /// Ends an attempt that does not get on: an origin that is alive and sends nothing would hold all who wait for ever.
  private func watch(_ attempt: Attempt) {
    let rest = movedAt + transfer.limits.stallPatience - executor.now()
    executor.after(rest > Self.leastWait ? rest : transfer.limits.stallPatience) { [weak self, weak attempt] in
      guard let self, let attempt, attempt === self.attempt, !isOver else { return }
      guard untaken == 0, executor.now() - movedAt >= transfer.stallLimit else { return watch(attempt) }
      giveUpAttempt()
      let reason = "nothing has come from the origin for \(transfer.stallLimit.nanoseconds / 1_000_000_000) s"
      follow(transfer.broken(reason, now: executor.now()), nil)
    }
  }

  /// Not from inside what the source calls: it must have returned before it is cancelled.
  private func giveUpAttempt() {
    guard let attempt else { return }
    self.attempt = nil
    executor.eventLoop.assumeIsolated().execute { attempt.giveUp() }
  }

  /// What is read of an answer that is no success.
  private static let otherBytes = 64 * 1024
  private static let leastWait = TimeAmount.milliseconds(50)
}

/// One request of a download.
private final class Attempt: ResponseSink {
  var skipping = 0
  /// Its answer is no success, and its content is the answer's.
  var isOtherAnswer = false
  /// Bytes of it.
  var otherCount = 0
  /// Until it is over: the two hold each other.
  private var download: Download?
  private var sink: (any RequestSink)?
  private var isOver = false

  init(_ download: Download) { self.download = download }

  /// The source may have failed it while it opened it.
  func opened(_ sink: any RequestSink) {
    guard !isOver else { return }
    self.sink = sink
    sink.receiveRequestEnd(trailers: nil)
  }

  func consumed(_ count: Int) { if !isOver { sink?.responseConsumed(count) } }

  func giveUp() {
    guard !isOver else { return }
    isOver = true
    sink?.cancel(.cancelled)
    sink = nil
    download = nil
  }

  func receiveInterim(_ head: ResponseHead) {}
  func receiveHead(_ head: ResponseHead) { if !isOver { download?.receive(head, self) } }
  func receiveResponseBody(_ chunk: ByteBuffer) { if !isOver { download?.receive(chunk, self) } }

  func receiveResponseEnd(trailers: FieldSection?) {
    guard !isOver else { return }
    isOver = true
    sink = nil
    let download = download
    self.download = nil
    download?.receiveEnd(self)
  }

  func fail(_ error: GatewayError) {
    guard !isOver else { return }
    isOver = true
    sink = nil
    let download = download
    self.download = nil
    download?.receive(error, self)
  }

  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}
}

extension GatewayError {
  /// Whether it is this process's own rule or configuration that a request failed at.
  fileprivate var isRefusal: Bool {
    switch cause {
    case .httpRequestDenied, .destinationNotFound, .loopDetected: true
    default: false
    }
  }
}

extension TransferHead {
  init(_ head: ResponseHead) {
    self.init(status: head.status)
    if case .known(let count) = head.bodyLength {
      length = Int(exactly: count)
    } else if case .none = head.bodyLength {
      length = 0
    }
    if let tag = head.fields.text("etag"), !tag.hasPrefix("W/") { validator = tag }
    let refusal = "error=\(GatewayError.Cause.httpProtocolError.rawValue)"
    isFinal = head.status == 502 && head.fields.text(.proxyStatus)?.contains(refusal) == true
    if head.status == 206, let field = head.fields.first("content-range"), let range = ByteRange.contentRange(field) {
      (rangeStart, rangeTotal) = (range.start, range.total)
    }
  }
}
