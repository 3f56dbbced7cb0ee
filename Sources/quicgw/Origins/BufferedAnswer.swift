import Exchange
import HTTPMessage
import NIOCore

/// Sends one answer whose body is in memory, as fast as the client takes it: slices, no copies, at most 256 KiB outstanding.
final class BufferedAnswer: RequestSink, TurnParticipant {
  private var sink: (any ResponseSink)?
  private let turn: LoopTurn
  private var rest: ByteBuffer
  private var outstandingByteCount = 0
  private var discardedByteCount = 0
  private var isEnrolled = false

  /// Begins the answer at once.
  init(_ head: ResponseHead, body: ByteBuffer, to sink: any ResponseSink, turn: LoopTurn) {
    self.sink = sink
    self.turn = turn
    rest = body
    sink.receiveHead(head)
    advance()
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {
    discardedByteCount += chunk.readableBytes
    enroll()
  }

  func receiveRequestEnd(trailers: FieldSection?) {}

  func cancel(_ reason: ResetReason) {
    sink = nil
  }

  func responseConsumed(_ byteCount: Int) {
    outstandingByteCount -= byteCount
    enroll()
  }

  func endTurn() {
    isEnrolled = false
    if discardedByteCount > 0 {
      sink?.requestConsumed(discardedByteCount)
      discardedByteCount = 0
    }
    advance()
  }

  private func enroll() {
    guard !isEnrolled, sink != nil else { return }
    isEnrolled = true
    turn.enroll(self)
  }

  private func advance() {
    guard let sink else { return }
    while outstandingByteCount < window, let chunk = rest.readSlice(length: min(chunkByteCount, rest.readableBytes)),
      chunk.readableBytes > 0
    {
      outstandingByteCount += chunk.readableBytes
      sink.receiveResponseBody(chunk)
    }
    if rest.readableBytes == 0 {
      sink.receiveResponseEnd(trailers: nil)
      self.sink = nil
    }
  }
}

private let window = 256 * 1024
private let chunkByteCount = 64 * 1024
