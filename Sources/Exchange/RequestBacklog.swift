public import HTTPMessage
public import NIOCore

/// What a client has sent behind the head of a request that may have to be handed on, or handed on again: bounded by whoever keeps
/// it, for a client goes on sending only as far as its bytes are reported consumed.
public struct RequestBacklog: Sendable {
  public var chunks: [ByteBuffer] = []
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
}
