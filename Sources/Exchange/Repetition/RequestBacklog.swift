public import HTTPMessage
public import NIOCore

/// What a client has sent behind the head of a request that may have to be handed on, or handed on again: bounded by whoever
/// keeps it, for a client goes on sending only as far as its bytes are reported consumed.
public struct RequestBacklog: Sendable {
  public var chunks = Chunks()
  public var isEnded: Bool
  /// Those of a request that has ended, if it has any.
  public var trailers: FieldSection?

  public init(isEnded: Bool = false) {
    self.isEnded = isEnded
  }

  /// Hands all of it on.
  public func replay(to sink: any RequestSink) {
    for chunk in chunks { sink.receiveRequestBody(chunk) }
    if isEnded { sink.receiveRequestEnd(trailers: trailers) }
  }

  /// Content as it came, except that small chunks are gathered: each is a slice of what a socket was read into, and would keep
  /// all of that.
  public struct Chunks: Sendable {
    private var buffers: [ByteBuffer] = []
    /// The last buffer has nothing but gathered chunks in it.
    private var isGathering = false

    public mutating func append(_ chunk: ByteBuffer) {
      // The first costs no copy, for most content is one chunk.
      guard !buffers.isEmpty, chunk.readableBytes < chunk.storageCapacity / 2 else {
        isGathering = false
        return buffers.append(chunk)
      }
      if isGathering, buffers[buffers.count - 1].readableBytes < Self.gatheredBytes {
        buffers[buffers.count - 1].writeImmutableBuffer(chunk)
      } else {
        isGathering = true
        buffers.append(ByteBuffer(bytes: chunk.readableBytesView))
      }
    }

    /// A buffer that was handed on is copied when more is written to it: bounded, so that this stays small.
    private static let gatheredBytes = 16 * 1024
  }
}

extension RequestBacklog.Chunks: Sequence {
  public func makeIterator() -> IndexingIterator<[ByteBuffer]> { buffers.makeIterator() }
}
