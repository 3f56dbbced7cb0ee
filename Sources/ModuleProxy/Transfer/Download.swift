import Exchange
import HTTPMessage
import NIOCore

/// Who takes what a download brings; called on the loop.
protocol DownloadOwner: AnyObject {
  /// The head of the answer, of a success as of a refusal: once, and again after a restart.
  func downloadBegan(_ head: ResponseHead)
  /// What has come so far is of no use: the answer begins anew.
  func downloadRestarted()
  /// Content, in order and without gaps, whatever it took to get it. To be reported by `Download.consumed(_:)`, and not from inside.
  func downloadReceived(_ chunk: ByteBuffer)
  func downloadCompleted()
  func downloadFailed(_ failure: TransferFailure, status: Int?)
}

/// Fetches one thing from a source, with as many requests as it takes.
final class Download {
  private(set) var transfer: Transfer
  private let source: any ExchangeHandler
  private let request: ExchangeRequest
  private let surroundings: any ModuleSurroundings
  private unowned let owner: any DownloadOwner
  private var attempt: Attempt?
  private var hasBegun = false
  private var isOver = false
  private var lastStatus: Int?

  /// - Parameter request: without fields that make its answer conditional or partial.
  init(
    _ request: ExchangeRequest, from source: any ExchangeHandler, limits: TransferLimits, surroundings: any ModuleSurroundings,
    owner: any DownloadOwner
  ) {
    self.request = request
    self.source = source
    self.surroundings = surroundings
    self.owner = owner
    transfer = Transfer(limits: limits, now: surroundings.now())
  }

  func begin() {
    var request = request
    if let range = transfer.range {
      request.head.fields.append("range", "bytes=\(range.start)-")
      if let validator = range.validator { request.head.fields.append("if-range", validator) }
    }
    let attempt = Attempt(self)
    self.attempt = attempt
    let sink = source.open(request, respondingTo: attempt)
    attempt.opened(sink)
  }

  /// Nobody wants it any more.
  func cancel() {
    isOver = true
    giveUpAttempt()
  }

  /// The owner has taken so many bytes of what it was given.
  func consumed(_ count: Int) { attempt?.consumed(count) }

  fileprivate func receive(_ head: ResponseHead, _ attempt: Attempt) {
    guard attempt === self.attempt, !isOver else { return }
    lastStatus = head.status
    follow(transfer.headArrived(TransferHead(head), now: surroundings.now()), head)
  }

  fileprivate func receive(_ chunk: ByteBuffer, _ attempt: Attempt) {
    guard attempt === self.attempt, !isOver else { return }
    var chunk = chunk
    let skipped = min(attempt.skipping, chunk.readableBytes)
    if skipped > 0 {
      attempt.skipping -= skipped
      chunk.moveReaderIndex(forwardBy: skipped)
      surroundings.eventLoop.assumeIsolated().execute { attempt.consumed(skipped) }
    }
    guard chunk.readableBytes > 0 else { return }
    if attempt.isOtherAnswer {
      owner.downloadReceived(chunk)
      return
    }
    let step = transfer.contentArrived(chunk.readableBytes, now: surroundings.now())
    if case .fail = step { return follow(step, nil) }
    owner.downloadReceived(chunk)
  }

  fileprivate func receiveEnd(_ attempt: Attempt) {
    guard attempt === self.attempt, !isOver else { return }
    if attempt.isOtherAnswer {
      isOver = true
      return owner.downloadCompleted()
    }
    follow(transfer.ended(now: surroundings.now()), nil)
  }

  fileprivate func receive(_ error: GatewayError, _ attempt: Attempt) {
    guard attempt === self.attempt, !isOver else { return }
    lastStatus = error.status
    follow(transfer.broken(error.message, now: surroundings.now()), nil)
  }

  private func follow(_ step: Transfer.Step, _ head: ResponseHead?) {
    switch step {
    case .take(let skipping):
      attempt?.skipping = skipping
      guard let head else { break }
      if !hasBegun || !transfer.resumes {
        hasBegun = true
        owner.downloadBegan(head)
      }
    case .answer:
      attempt?.isOtherAnswer = true
      if let head { owner.downloadBegan(head) }
    case .retry(let delay):
      giveUpAttempt()
      if !transfer.resumes { owner.downloadRestarted() }
      surroundings.after(delay) { [self] in if !isOver { begin() } }
    case .fail(let failure):
      isOver = true
      giveUpAttempt()
      owner.downloadFailed(failure, status: lastStatus)
    case .complete:
      isOver = true
      owner.downloadCompleted()
    case .wait: break
    }
  }

  /// Not from inside what the source calls: it must have returned before it is cancelled.
  private func giveUpAttempt() {
    guard let attempt else { return }
    self.attempt = nil
    surroundings.eventLoop.assumeIsolated().execute { attempt.giveUp() }
  }
}

/// One request of a download.
private final class Attempt: ResponseSink {
  var skipping = 0
  /// Its answer is no success, and its content is the answer's.
  var isOtherAnswer = false
  private let download: Download
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
  }

  func receiveInterim(_ head: ResponseHead) {}
  func receiveHead(_ head: ResponseHead) { if !isOver { download.receive(head, self) } }
  func receiveResponseBody(_ chunk: ByteBuffer) { if !isOver { download.receive(chunk, self) } }

  func receiveResponseEnd(trailers: FieldSection?) {
    guard !isOver else { return }
    isOver = true
    sink = nil
    download.receiveEnd(self)
  }

  func fail(_ error: GatewayError) {
    guard !isOver else { return }
    isOver = true
    sink = nil
    download.receive(error, self)
  }

  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}
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
