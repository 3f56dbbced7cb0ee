/// A reason of the stream application's to close the connection: its error code on the wire (RFC 9000 §20.2; HTTP/3's are in
/// RFC 9114 §8.1) and words for the log and the reason phrase.
public struct ApplicationError: Error, Sendable, Equatable {
  public let code: UInt64
  public let reason: String

  public init(code: UInt64, reason: String) {
    self.code = code
    self.reason = reason
  }
}
