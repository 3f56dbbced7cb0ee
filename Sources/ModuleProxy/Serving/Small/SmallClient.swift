import Exchange
import HTTPMessage
import NIOCore

/// One client's request for something small: answered at one go.
final class SmallClient: RequestSink {
  private var sink: (any ResponseSink)?
  private let isHead: Bool
  private let cache: ModuleCache

  /// - Parameter sink: nil for a client that has its answer already.
  init(_ sink: (any ResponseSink)?, isHead: Bool, cache: ModuleCache) {
    self.sink = sink
    self.isHead = isHead
    self.cache = cache
  }

  func finish(_ result: Result<ServedAnswer, any Error>) {
    guard let sink else { return }
    self.sink = nil
    switch result {
    case .success(let served): cache.send(served.answer, served.source, to: sink, isHead: isHead)
    case .failure(let error as GatewayError): sink.fail(error)
    case .failure(let error): sink.fail(GatewayError(.internalError, side: .local, message: "\(error)"))
    }
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {}
  func receiveRequestEnd(trailers: FieldSection?) {}
  func responseConsumed(_ byteCount: Int) {}
  func cancel(_ reason: ResetReason) { sink = nil }
}
