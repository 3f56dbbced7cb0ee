import Exchange
import HTTPMessage
import NIOCore

/// Fetches an answer that is small enough to be kept in memory until it is whole.
final class SmallFetch: DownloadOwner {
  /// What came of it.
  enum Outcome {
    case answer(SmallAnswer)
    case failure(TransferFailure, status: Int?)
  }

  private let byteLimit: Int
  private let memory: MemoryAllowance
  private let executor: any CacheExecutor
  private var download: Download!
  private var head: ResponseHead?
  private var body = ByteBuffer()
  private var unreported = 0
  private var onEnd: ((Outcome, Download) -> Void)?
  /// Itself while it runs: nobody else holds it.
  private var running: SmallFetch?

  /// - Parameter memory: what all that are under way may hold together.
  init(
    _ request: ExchangeRequest, from source: any ExchangeHandler, limits: TransferLimits, memory: MemoryAllowance,
    executor: any CacheExecutor, onEnd: @escaping (Outcome, Download) -> Void
  ) {
    byteLimit = limits.bytes
    self.memory = memory
    self.executor = executor
    self.onEnd = onEnd
    download = Download(request, from: source, limits: limits, executor: executor, owner: self)
  }

  func begin() {
    running = self
    download.begin()
  }

  func downloadBegan(_ head: ResponseHead) {
    self.head = head
    letGo()
  }

  func downloadRestarted() { letGo() }

  func downloadReceived(_ chunk: ByteBuffer) {
    if body.readableBytes + chunk.readableBytes <= byteLimit {
      guard memory.take(chunk.readableBytes) else {
        download.cancel()
        return end(.failure(Self.outOfMemory, status: nil))
      }
      body.writeImmutableBuffer(chunk)
    }
    if unreported == 0 {
      executor.eventLoop.assumeIsolated().execute { [self] in
        download?.consumed(unreported)
        unreported = 0
      }
    }
    unreported += chunk.readableBytes
  }

  func downloadCompleted() {
    guard let head else { return }
    end(.answer(SmallAnswer(head, body: body, unixTime: executor.unixTime())))
  }

  func downloadFailed(_ failure: TransferFailure, status: Int?) { end(.failure(failure, status: status)) }

  private func letGo() {
    memory.giveBack(body.readableBytes)
    body = ByteBuffer()
  }

  private func end(_ outcome: Outcome) {
    letGo()
    let onEnd = onEnd
    self.onEnd = nil
    running = nil
    onEnd?(outcome, download)
  }

  private static let outOfMemory = TransferFailure(
    .unreachable, "answers of origins that are under way fill the memory that they may take; ask again later")
}
